// Activations and their derivatives times the incoming gradient (x = dy, y = the function's input or output).

AXONE_MAP1(Sigmoid, false, return vsigmoid<T>(x);)
AXONE_MAP1(LogSigmoid, false, return vlog_sigmoid<T>(x);)
AXONE_MAP1(Softplus, false, return vsoftplus<T>(x);)
AXONE_MAP1(Softsign, true, return x / (T(1) + vabs<T>(x));)
AXONE_MAP1(Relu6, true, return at_most<T>(at_least<T>(x, T(0)), T(6));)
AXONE_MAP1(LeakyRelu, true, Vec<T> scaled = x * p; return x < T(0) ? scaled : x;)
AXONE_MAP1(HardTanh, true, return at_most<T>(at_least<T>(x, T(-1)), T(1));)
AXONE_MAP1(HardSigmoid, true, return at_most<T>(at_least<T>(x + T(3), T(0)), T(6)) / T(6);)
AXONE_MAP1(Silu, false, return x / (T(1) + vexp<T>(-x));)
AXONE_MAP1(Elu, false, Vec<T> low = p * vexpm1<T>(x); return x > T(0) ? x : low;)
AXONE_MAP1(Gelu, false, return x * vnormal_cdf<T>(x);)

// Klambauer et al., "Self-Normalizing Neural Networks", 2017.
template <class T>
inline constexpr T kSeluScale = T(1.0507009873554805);
template <class T>
inline constexpr T kSeluLow = T(1.7580993408473768);  // scale * alpha
AXONE_MAP1(Selu, false, Vec<T> low = kSeluLow<T> * vexpm1<T>(x); return x > T(0) ? kSeluScale<T> * x : low;)

// x (1 + tanh u) / 2 = x / (1 + e^-2u), 2u = x (k + k' x^2).
template <class T>
inline constexpr T kGeluLinear = T(1.5957691216057308);
template <class T>
inline constexpr T kGeluCubic = T(0.071354816272600245);
AXONE_MAP1(GeluTanh, false, return x / (T(1) + vexp<T>(-x * (kGeluLinear<T> + kGeluCubic<T> * x * x)));)

// x tanh(softplus(x)) = x n / (n + 2), n = e^x (e^x + 2); beyond 20 (40) the fraction rounds to 1.
AXONE_MAP1(Mish, false, Vec<T> e = vexp<T>(at_most<T>(x, ExpConstants<T>::kSaturated));
           Vec<T> n = e * (e + T(2)); return x * (n / (n + T(2)));)

AXONE_MAP2(ReluGrad, true, return y > T(0) ? x : Vec<T>{};)
AXONE_MAP2(Relu6Grad, true, return (y > T(0)) & (y < T(6)) ? x : Vec<T>{};)
AXONE_MAP2(LeakyReluGrad, true, Vec<T> scaled = x * p; return y < T(0) ? scaled : x;)
AXONE_MAP2(SigmoidGrad, true, return x * (y * (T(1) - y));)
AXONE_MAP2(TanhGrad, true, return x * (T(1) - y * y);)
AXONE_MAP2(SoftplusGrad, false, return x * vsigmoid<T>(y);)
AXONE_MAP2(SiluGrad, false, Logistic<T> l = vlogistic<T>(y); return x * (l.s + y * l.slope);)
AXONE_MAP2(EluGrad, false, Vec<T> low = x * (p * vexp<T>(y)); return y > T(0) ? x : low;)
AXONE_MAP2(SeluGrad, false, Vec<T> low = kSeluLow<T> * vexp<T>(y);
           return x * (y > T(0) ? splat<T>(kSeluScale<T>) : low);)
AXONE_MAP2(ErfGrad, false, Vec<T> c = at_most<T>(vabs<T>(y), T(40));
           return x * (T(1.1283791670955126) * vexp<T>(-c * c));)
// Phi(y) + y phi(y); beyond 40 the density is 0 and y^2 must not overflow.
AXONE_MAP2(GeluGrad, false, Vec<T> c = at_most<T>(at_least<T>(y, T(-40)), T(40));
           Vec<T> density = T(0.3989422804014327) * vexp<T>(T(-0.5) * c * c);
           return x * (vnormal_cdf<T>(y) + c * density);)
// s + y s (1 - s) (2u)'; at |y| = 30 s (1 - s) is 0.
AXONE_MAP2(GeluTanhGrad, false, Vec<T> c = at_most<T>(at_least<T>(y, T(-30)), T(30)); Vec<T> z = c * c;
           Logistic<T> l = vlogistic<T>(c * (kGeluLinear<T> + kGeluCubic<T> * z));
           Vec<T> inner = kGeluLinear<T> + T(3) * kGeluCubic<T> * z; return x * (l.s + c * inner * l.slope);)
AXONE_MAP2(MishGrad, false, Vec<T> c = at_most<T>(y, ExpConstants<T>::kSaturated); Vec<T> e = vexp<T>(c);
           Vec<T> d = T(1) / (e * (e + T(2)) + T(2)); Vec<T> t = e * (e + T(2)) * d;
           return x * (t + c * (T(4) * e * (e + T(1)) * d * d));)
