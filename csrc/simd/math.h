// All vector functions, with one name for both types: vsin<T>(x) and so on.
#pragma once

#include "simd/bits.h"
#include "simd/erf.h"
#include "simd/exp.h"
#include "simd/log.h"
#include "simd/pow.h"
#include "simd/special.h"
#include "simd/trig.h"

namespace axone {
namespace AXONE_TARGET {

// Functions that are written in double only.
#define AXONE_BY_DOUBLE(name)                                        \
  AXONE_INLINE Vec<float> name(Vec<float> x) {                       \
    return through_double([](Vec<double> v) { return name(v); }, x); \
  }
AXONE_BY_DOUBLE(vsin)
AXONE_BY_DOUBLE(vcos)
AXONE_BY_DOUBLE(vtan)
AXONE_BY_DOUBLE(vasin)
AXONE_BY_DOUBLE(vacos)
AXONE_BY_DOUBLE(vatan)
AXONE_BY_DOUBLE(vsinh)
AXONE_BY_DOUBLE(vcosh)
AXONE_BY_DOUBLE(vasinh)
AXONE_BY_DOUBLE(vacosh)
AXONE_BY_DOUBLE(vatanh)
AXONE_BY_DOUBLE(vlog2)
AXONE_BY_DOUBLE(vlog10)
AXONE_BY_DOUBLE(verfc)
AXONE_BY_DOUBLE(verfinv)
AXONE_BY_DOUBLE(vlgamma)
AXONE_BY_DOUBLE(vbessel_i0)
AXONE_BY_DOUBLE(vbessel_i1)
#undef AXONE_BY_DOUBLE

AXONE_INLINE Vec<float> vatan2(Vec<float> y, Vec<float> x) {
  return through_double([](Vec<double> a, Vec<double> b) { return vatan2(a, b); }, y, x);
}
AXONE_INLINE Vec<float> vgammainc(Vec<float> a, Vec<float> x) {
  return through_double([](Vec<double> u, Vec<double> v) { return vgammainc(u, v); }, a, x);
}

}  // namespace AXONE_TARGET
}  // namespace axone
