// Reductions as structs, and the reduction of one contiguous block by them. For reduce.cpp and softmax.cpp.

template <class T>
inline constexpr bool kFloating = T(0.5) != T(0);
template <class T>
inline constexpr bool kSigned = T(-1) < T(0);

// The type that a sum or product is computed in: integers wrap.
template <class T, bool = kFloating<T>>
struct WrapOf {
  typedef T type;
};
template <class T>
struct WrapOf<T, false> {
  typedef UInt<T> type;
};

template <class T>
constexpr T lowest() {
  if constexpr (kFloating<T>)
    return -FloatBits<T>::kInfinity;
  else
    return kSigned<T> ? T(UInt<T>(1) << (8 * sizeof(T) - 1)) : T(0);
}
template <class T>
constexpr T highest() {
  if constexpr (kFloating<T>)
    return FloatBits<T>::kInfinity;
  else
    return T(~UInt<T>(0) >> (kSigned<T> ? 1 : 0));
}

// A reduction: how it joins values, what it joins of each element, its neutral element.
template <class T>
struct Sum : JoinSum {
  typedef typename WrapOf<T>::type type;
  static constexpr type neutral = 0;
  AXONE_INLINE Vec<type> of(Vec<type> x) { return x; }
};
template <class T>
struct SumOfSquares : Sum<T> {
  typedef typename WrapOf<T>::type type;
  // The square is rounded by itself, out of the compiler's sight: whether it became part of an FMA would
  // depend on the code around it, and with that the bits on an element's place.
  AXONE_INLINE Vec<type> of(Vec<type> x) {
    Vec<type> square = x * x;
#if defined(__x86_64__)
    __asm__("" : "+v"(square));
#elif defined(__aarch64__)
    __asm__("" : "+w"(square));
#endif
    return square;
  }
};
template <class T>
struct Product : JoinProduct {
  typedef typename WrapOf<T>::type type;
  static constexpr type neutral = 1;
  AXONE_INLINE Vec<type> of(Vec<type> x) { return x; }
};
template <class T>
struct Max : JoinMax {
  typedef T type;
  static constexpr T neutral = lowest<T>();
  AXONE_INLINE Vec<T> of(Vec<T> x) { return x; }
};
template <class T>
struct Min : JoinMin {
  typedef T type;
  static constexpr T neutral = highest<T>();
  AXONE_INLINE Vec<T> of(Vec<T> x) { return x; }
};
template <class T>
struct Any : JoinOr {
  typedef T type;
  static constexpr T neutral = 0;
  AXONE_INLINE Vec<T> of(Vec<T> x) { return x; }
};
template <class T>
struct All : JoinAnd {
  typedef T type;
  static constexpr T neutral = 1;
  AXONE_INLINE Vec<T> of(Vec<T> x) { return x; }
};

// Four accumulators in turns, then a fixed tree: the order depends on n alone, and neutral elements at the
// end change nothing.
template <class Op, class T = typename Op::type>
AXONE_INLINE T reduce_block(const T* x, int64_t n) {
  constexpr int64_t kStep = kLanes<T>;
  if (n <= kStep) {
    Vec<T> only = n == kStep ? load<T>(x) : load_first<T>(x, n);
    return join_lanes<Op, T>(first_lanes<T>(n) ? Op::of(only) : splat<T>(Op::neutral));
  }
  Vec<T> sum[4];
  for (Vec<T>& s : sum) s = splat<T>(Op::neutral);
  int64_t i = 0;
  for (; i + 4 * kStep <= n; i += 4 * kStep)
    for (int u = 0; u < 4; ++u) sum[u] = Op::join(sum[u], Op::of(load<T>(x + i + u * kStep)));
  for (int u = 0; u < 4; ++u, i += kStep) {
    if (i + kStep <= n) {
      sum[u] = Op::join(sum[u], Op::of(load<T>(x + i)));
    } else if (i < n) {
      Vec<T> rest = first_lanes<T>(n - i) ? Op::of(load_first<T>(x + i, n - i)) : splat<T>(Op::neutral);
      sum[u] = Op::join(sum[u], rest);
    }
  }
  return join_lanes<Op, T>(Op::join(Op::join(sum[0], sum[1]), Op::join(sum[2], sum[3])));
}
