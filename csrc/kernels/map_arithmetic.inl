// Arithmetic on numbers of every type.

#define AXONE_MAP1(Name, cheap, ...)                                 \
  struct Name {                                                      \
    static constexpr bool kCheap = cheap;                            \
    template <class T>                                               \
    AXONE_INLINE Vec<T> apply(Vec<T> x, [[maybe_unused]] Vec<T> p) { \
      __VA_ARGS__                                                    \
    }                                                                \
  };
#define AXONE_MAP2(Name, cheap, ...)                                           \
  struct Name {                                                                \
    static constexpr bool kCheap = cheap;                                      \
    template <class T>                                                         \
    AXONE_INLINE Vec<T> apply(Vec<T> x, Vec<T> y, [[maybe_unused]] Vec<T> p) { \
      __VA_ARGS__                                                              \
    }                                                                          \
  };
#define AXONE_MAP3(Name, ...)                                 \
  struct Name {                                               \
    template <class T>                                        \
    AXONE_INLINE Vec<T> apply(Vec<T> x, Vec<T> y, Vec<T> z) { \
      __VA_ARGS__                                             \
    }                                                         \
  };

AXONE_MAP2(Add, true, return (Vec<T>)((Wrap<T>)x + (Wrap<T>)y);)
AXONE_MAP2(Subtract, true, return (Vec<T>)((Wrap<T>)x - (Wrap<T>)y);)
AXONE_MAP2(Multiply, true, return (Vec<T>)((Wrap<T>)x * (Wrap<T>)y);)
AXONE_MAP2(Divide, true, return x / y;)
AXONE_MAP2(Minimum, true, return vmin<T>(x, y);)
AXONE_MAP2(Maximum, true, return vmax<T>(x, y);)
AXONE_MAP2(Power, false, return vpow(x, y);)
AXONE_MAP2(Arctan2, false, return vatan2(x, y);)

AXONE_MAP3(Fma, return x * y + z;)
AXONE_MAP3(Fms, return x * y - z;)
AXONE_MAP3(Fnma, return z - x * y;)
// A normalisation's scale and shift with the activation behind it.
AXONE_MAP3(FmaRelu, return at_least<T>(x * y + z, T(0));)
AXONE_MAP3(FmaRelu6, return at_most<T>(at_least<T>(x * y + z, T(0)), T(6));)
// What moving averages and the steps of adaptive optimizers are made of.
AXONE_MAP3(Lerp, return x + (y - x) * z;)
AXONE_MAP3(LerpSquare, return x + (y * y - x) * z;)
AXONE_MAP2(RootPlus, true, return vsqrt(x) + y;)
AXONE_MAP3(OverRoot, return x / (vsqrt(y) + z);)
AXONE_MAP3(Clip, return vmin<T>(vmax<T>(x, y), z);)

AXONE_MAP1(Neg, true, return (Vec<T>)(-(Wrap<T>)x);)
AXONE_MAP1(Square, true, return (Vec<T>)((Wrap<T>)x * (Wrap<T>)x);)
AXONE_MAP1(Abs, true, return vabs<T>(x);)
AXONE_MAP1(AbsInt, true, return x < T(0) ? (Vec<T>)(-(Bits<T>)x) : x;)
// NaN and the zeros are their own sign.
AXONE_MAP1(Sign, true, Vec<T> one = splat<T>(T(1)); Vec<T> negative = x < T(0) ? -one : x;
           return x > T(0) ? one : negative;)
AXONE_MAP1(SignUnsigned, true, return x > T(0) ? splat<T>(T(1)) : Vec<T>{};)
AXONE_MAP1(Relu, true, return at_least<T>(x, T(0));)
AXONE_MAP1(Identity, true, return x;)

AXONE_MAP2(And, true, return x & y;)
AXONE_MAP2(Or, true, return x | y;)
AXONE_MAP2(Xor, true, return x ^ y;)
AXONE_MAP1(Not, true, return ~x;)
AXONE_MAP1(LogicalNot, true, return x ^ T(1);)

template <class T>
inline constexpr bool kFloating = T(0.5) != T(0);
template <class T>
inline constexpr bool kSigned = T(-1) < T(0);

// -x that wraps, and x / -1 with it: the smallest integer's division by -1 would trap.
template <class T>
AXONE_INLINE T negate(T x) {
  return T(UInt<T>(0) - UInt<T>(x));
}

AXONE_INLINE float fmod_of(float x, float y) {
  return __builtin_fmodf(x, y);
}
AXONE_INLINE double fmod_of(double x, double y) {
  return __builtin_fmod(x, y);
}
AXONE_INLINE float floor_of(float x) {
  return __builtin_floorf(x);
}
AXONE_INLINE double floor_of(double x) {
  return __builtin_floor(x);
}
AXONE_INLINE float copysign_of(float x, float y) {
  return __builtin_copysignf(x, y);
}
AXONE_INLINE double copysign_of(double x, double y) {
  return __builtin_copysign(x, y);
}

// The remainder takes the divisor's sign, as in Python; by 0 it is NaN, for integers 0.
struct Mod {
  template <class T>
  AXONE_INLINE T apply(T x, T y) {
    if constexpr (kFloating<T>) {
      T r = fmod_of(x, y);
      if (r == T(0)) return copysign_of(T(0), y);
      return (r < T(0)) != (y < T(0)) ? r + y : r;
    } else {
      if (y == T(0)) return T(0);
      if constexpr (kSigned<T>) {
        if (y == T(-1)) return T(0);
        T r = T(x % y);
        return r != T(0) && (r < T(0)) != (y < T(0)) ? T(r + y) : r;
      } else {
        return T(x % y);
      }
    }
  }
};

// floor(x / y) of the exact quotient; by 0 infinite or NaN, for integers 0.
struct FloorDivide {
  template <class T>
  AXONE_INLINE T apply(T x, T y) {
    if constexpr (kFloating<T>) {
      if (y == T(0)) return x / y;
      T r = fmod_of(x, y);
      T quotient = (x - r) / y;
      if (r != T(0) && (r < T(0)) != (y < T(0))) quotient -= T(1);
      if (quotient == T(0)) return copysign_of(T(0), x / y);
      T whole = floor_of(quotient);  // x - r was rounded: the quotient may miss an integer by a little
      return quotient - whole > T(0.5) ? whole + T(1) : whole;
    } else {
      if (y == T(0)) return T(0);
      if constexpr (kSigned<T>) {
        if (y == T(-1)) return negate(x);
        T q = T(x / y);
        return T(x % y) != T(0) && (x < T(0)) != (y < T(0)) ? T(q - 1) : q;
      } else {
        return T(x / y);
      }
    }
  }
};

// By squaring, wrapping. A negative exponent gives the true power cut to an integer: 0 but for bases 1 and
// -1.
struct PowerInt {
  template <class T>
  AXONE_INLINE T apply(T x, T y) {
    if constexpr (kSigned<T>)
      if (y < T(0)) {
        if (x == T(1)) return T(1);
        return x == T(-1) ? (y % 2 ? T(-1) : T(1)) : T(0);
      }
    uint64_t result = 1, base = uint64_t(x);
    for (uint64_t e = uint64_t(y); e; e >>= 1, base *= base)
      if (e & 1) result *= base;
    return T(result);
  }
};

// Euclid's algorithm on magnitudes; gcd(0, 0) = 0.
struct Gcd {
  template <class T>
  AXONE_INLINE T apply(T x, T y) {
    UInt<T> a = UInt<T>(x < T(0) ? negate(x) : x), b = UInt<T>(y < T(0) ? negate(y) : y);
    while (b) {
      const UInt<T> r = UInt<T>(a % b);
      a = b, b = r;
    }
    return T(a);
  }
};

AXONE_INLINE float nextafter_of(float x, float y) {
  return __builtin_nextafterf(x, y);
}
AXONE_INLINE double nextafter_of(double x, double y) {
  return __builtin_nextafter(x, y);
}
struct Nextafter {
  template <class T>
  AXONE_INLINE T apply(T x, T y) {
    return nextafter_of(x, y);
  }
};

// Counts outside [0, bits) shift everything out.
struct LeftShift {
  template <class T>
  AXONE_INLINE T apply(T x, T y) {
    return UInt<T>(y) < 8 * sizeof(T) ? T(UInt<T>(UInt<T>(x) << UInt<T>(y))) : T(0);
  }
};
struct RightShift {
  template <class T>
  AXONE_INLINE T apply(T x, T y) {
    constexpr UInt<T> kMost = 8 * sizeof(T) - 1;
    if constexpr (kSigned<T>) return T(x >> (UInt<T>(y) < kMost ? UInt<T>(y) : kMost));
    return UInt<T>(y) <= kMost ? T(x >> UInt<T>(y)) : T(0);
  }
};

// The divider is the limit (a root and a quotient an element), so that all the rest costs nothing beside it.
template <template <class> class Gradient, class T>
void adam(const void* const* operands, int64_t n) {
  const auto in = [&](int i) { return static_cast<const T*>(operands[i]); };
  const auto out = [&](int i) { return static_cast<T*>(const_cast<void*>(operands[i])); };
  T *const m_out = out(kUpdatedM), *const v_out = out(kUpdatedV), *const w_out = out(kUpdatedW);
  const T *const m_in = in(kOldM), *const v_in = in(kOldV), *const w_in = in(kOldW),
                 *const g_in = in(kGradient);
  const AdamStep<T> step(operands);
  const Gradient<T> gradient(operands);
  constexpr int64_t L = kLanes<T>, kAhead = 16 * L;  // elements to fetch ahead
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    __builtin_prefetch(m_in + i + kAhead);
    __builtin_prefetch(v_in + i + kAhead);
    __builtin_prefetch(w_in + i + kAhead);
    __builtin_prefetch(g_in + i + kAhead);
    Vec<T> m = load<T>(m_in + i), v = load<T>(v_in + i), w = load<T>(w_in + i);
    step.apply(gradient.of(load<T>(g_in + i), w), m, v, w);
    store<T>(m_out + i, m);
    store<T>(v_out + i, v);
    store<T>(w_out + i, w);
  }
  if (i == n) return;
  const int64_t rest = n - i;
  // Loaded before anything is computed: a branch of a load between a product and a sum keeps them from
  // becoming one FMA, and the bits would depend on an element's place.
  const Vec<T> raw = load_first<T>(g_in + i, rest);
  Vec<T> m = load_first<T>(m_in + i, rest), v = load_first<T>(v_in + i, rest),
         w = load_first<T>(w_in + i, rest);
  step.apply(gradient.of(raw, w), m, v, w);
  store_first<T>(m_out + i, m, rest);
  store_first<T>(v_out + i, v, rest);
  store_first<T>(w_out + i, w, rest);
}
