// The loops of map.cpp, written once for all operations. An operation is a struct with a static apply.

template <class T>
struct ArithmeticOf {
  typedef UInt<T> type;
};
template <>
struct ArithmeticOf<float> {
  typedef float type;
};
template <>
struct ArithmeticOf<double> {
  typedef double type;
};
// The vector in which T computes: integers wrap.
template <class T>
using Wrap = Vec<typename ArithmeticOf<T>::type>;

// One array may be read and written under two element types of the same size (a cast in place).
template <class T>
struct Aliased {
  typedef T type __attribute__((may_alias));
};
template <class T>
using Alias = typename Aliased<T>::type;

// Op::apply<T>(Vec<T>..., Vec<T> param) over vectors. Cheap operations do four a turn; of the others several
// turns overlap in the processor anyway.
template <class Op, class T>
void map1(void* out, const void* a, const void*, const void*, int64_t n, double param) {
  T* y = static_cast<T*>(out);
  const T* x = static_cast<const T*>(a);
  const Vec<T> p = splat<T>(T(param));
  constexpr int64_t kStep = kLanes<T>, kUnroll = Op::kCheap ? 4 : 1;
  int64_t i = 0;
  for (; i + kUnroll * kStep <= n; i += kUnroll * kStep) {
    Vec<T> r[kUnroll];
    for (int64_t u = 0; u < kUnroll; ++u) r[u] = Op::template apply<T>(load<T>(x + i + u * kStep), p);
    for (int64_t u = 0; u < kUnroll; ++u) store<T>(y + i + u * kStep, r[u]);
  }
  if constexpr (kUnroll > 1)
    for (; i + kStep <= n; i += kStep) store<T>(y + i, Op::template apply<T>(load<T>(x + i), p));
  if (i < n) store_first<T>(y + i, Op::template apply<T>(load_first<T>(x + i, n - i), p), n - i);
}

template <class Op, class T>
void map2(void* out, const void* a, const void* b, const void*, int64_t n, double param) {
  T* z = static_cast<T*>(out);
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  const Vec<T> p = splat<T>(T(param));
  constexpr int64_t kStep = kLanes<T>, kUnroll = Op::kCheap ? 4 : 1;
  int64_t i = 0;
  for (; i + kUnroll * kStep <= n; i += kUnroll * kStep) {
    Vec<T> r[kUnroll];
    for (int64_t u = 0; u < kUnroll; ++u)
      r[u] = Op::template apply<T>(load<T>(x + i + u * kStep), load<T>(y + i + u * kStep), p);
    for (int64_t u = 0; u < kUnroll; ++u) store<T>(z + i + u * kStep, r[u]);
  }
  if constexpr (kUnroll > 1)
    for (; i + kStep <= n; i += kStep)
      store<T>(z + i, Op::template apply<T>(load<T>(x + i), load<T>(y + i), p));
  if (i < n) {
    Vec<T> r = Op::template apply<T>(load_first<T>(x + i, n - i), load_first<T>(y + i, n - i), p);
    store_first<T>(z + i, r, n - i);
  }
}

template <class Op, class T>
void map3(void* out, const void* a, const void* b, const void* c, int64_t n, double) {
  T* w = static_cast<T*>(out);
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b), *z = static_cast<const T*>(c);
  constexpr int64_t kStep = kLanes<T>;
  int64_t i = 0;
  for (; i + 2 * kStep <= n; i += 2 * kStep) {
    Vec<T> r = Op::template apply<T>(load<T>(x + i), load<T>(y + i), load<T>(z + i));
    Vec<T> s = Op::template apply<T>(load<T>(x + i + kStep), load<T>(y + i + kStep), load<T>(z + i + kStep));
    store<T>(w + i, r);
    store<T>(w + i + kStep, s);
  }
  for (; i + kStep <= n; i += kStep)
    store<T>(w + i, Op::template apply<T>(load<T>(x + i), load<T>(y + i), load<T>(z + i)));
  if (i < n) {
    int64_t rest = n - i;
    Vec<T> r = Op::template apply<T>(load_first<T>(x + i, rest), load_first<T>(y + i, rest),
                                     load_first<T>(z + i, rest));
    store_first<T>(w + i, r, rest);
  }
}

// Op::apply(In...) over elements, for types of unequal width and for what has no vector form. ivdep states
// the contract: arrays coincide or do not touch, so that the compiler vectorises without a check.
template <class Op, class In, class Out>
void each1(void* out, const void* a, const void*, const void*, int64_t n, double) {
  Alias<Out>* y = static_cast<Alias<Out>*>(out);
  const Alias<In>* x = static_cast<const Alias<In>*>(a);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] = Op::template apply<In, Out>(x[i]);
}

template <class Op, class In, class Out>
void each2(void* out, const void* a, const void* b, const void*, int64_t n, double) {
  Alias<Out>* z = static_cast<Alias<Out>*>(out);
  const Alias<In>*x = static_cast<const Alias<In>*>(a), *y = static_cast<const Alias<In>*>(b);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) z[i] = Op::template apply<In>(x[i], y[i]);
}
