// Comparisons and tests (T -> bool), selection, casts: types of unequal width, vectorised by the compiler.

#define AXONE_COMPARE(Name, operation)     \
  struct Name {                            \
    template <class T>                     \
    AXONE_INLINE uint8_t apply(T x, T y) { \
      return x operation y;                \
    }                                      \
  };
AXONE_COMPARE(Equal, ==)
AXONE_COMPARE(NotEqual, !=)
AXONE_COMPARE(Less, <)
AXONE_COMPARE(LessEqual, <=)
AXONE_COMPARE(Greater, >)
AXONE_COMPARE(GreaterEqual, >=)
#undef AXONE_COMPARE

template <class T>
AXONE_INLINE T size_of(T x) {
  return x < T(0) ? -x : x;
}

struct IsNan {
  template <class T, class Out>
  AXONE_INLINE Out apply(T x) {
    return x != x;
  }
};
struct IsInf {
  template <class T, class Out>
  AXONE_INLINE Out apply(T x) {
    return size_of(x) == FloatBits<T>::kInfinity;
  }
};
struct IsFinite {
  template <class T, class Out>
  AXONE_INLINE Out apply(T x) {
    return size_of(x) < FloatBits<T>::kInfinity;
  }
};

// The smallest and largest value of an integer type, and that one's successor as a floating number.
template <class T>
inline constexpr T kLargest = kSigned<T> ? T(UInt<T>(~UInt<T>(0)) >> 1) : T(~T(0));
template <class T>
inline constexpr T kSmallest = kSigned<T> ? T(-kLargest<T> - 1) : T(0);
template <class From, class To>
inline constexpr From kBeyond = From(kLargest<To> / 2 + 1) * From(2);

// Floating to integer cuts toward zero and saturates; NaN gives 0. Integers wrap.
struct Cast {
  template <class From, class To>
  AXONE_INLINE To apply(From x) {
    if constexpr (kFloating<From> && !kFloating<To>) {
      bool inside = x < kBeyond<From, To> && x > (kSigned<To> ? -kBeyond<From, To> : From(-1));
      To edge = x > From(0) ? kLargest<To> : kSmallest<To>;
      To cut = To(inside ? x : From(0));
      return inside ? cut : (x == x ? edge : To(0));
    } else {
      return To(x);
    }
  }
};
struct CastToBool {
  template <class From, class To>
  AXONE_INLINE To apply(From x) {
    return x != From(0);
  }
};

template <class T>
void where(void* out, const void* condition, const void* a, const void* b, int64_t n, double) {
  Alias<T>* z = static_cast<Alias<T>*>(out);
  const uint8_t* c = static_cast<const uint8_t*>(condition);
  const Alias<T>*x = static_cast<const Alias<T>*>(a), *y = static_cast<const Alias<T>*>(b);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    T chosen = x[i], other = y[i];
    z[i] = c[i] ? chosen : other;
  }
}

template <class T>
void copy(void* out, const void* a, const void*, const void*, int64_t n, double) {
  if (out != a && n > 0) memmove(out, a, size_t(n) * sizeof(T));
}
