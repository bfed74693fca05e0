// What the kernel tests share: calls by name, guarded arrays, errors in units in the last place.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "cpu/dispatch.h"
#include "kernels/map.h"

namespace axone::testing {

// bool tensors hold bytes 0 or 1: their kernels are asked for by this type.
struct Bool {
  uint8_t value;
};
template <class T>
struct KeyOf {
  static constexpr DType value = dtype_of<T>;
};
template <>
struct KeyOf<Bool> {
  static constexpr DType value = DType::b8;
};

inline MapFunction map_kernel(const std::string& op, DType dtype) {
  return kernel_function<MapFunction>(("map." + op).c_str(), dtype);
}

// n elements with a guard behind them; starts one element off alignment.
template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t n) : n_(n), bytes_(size_t(n + 1) * sizeof(T) + 64, 0xC5) {}
  explicit Guarded(const std::vector<T>& values) : Guarded(int64_t(values.size())) {
    for (int64_t i = 0; i < n_; ++i) data()[i] = values[size_t(i)];
  }
  T* data() { return reinterpret_cast<T*>(bytes_.data()) + 1; }
  T& operator[](int64_t i) { return data()[i]; }
  bool intact() const {
    for (size_t i = size_t(n_ + 1) * sizeof(T); i < bytes_.size(); ++i)
      if (bytes_[i] != 0xC5) return false;
    return true;
  }

 private:
  int64_t n_;
  std::vector<unsigned char> bytes_;
};

// out = op(a, b, c) elementwise.
template <class Out, class A, class B = A, class C = A>
std::vector<Out> run_map(const std::string& op, DType key, const std::vector<A>& a,
                         const std::vector<B>& b = {}, const std::vector<C>& c = {}, double param = 0) {
  Guarded<Out> out(int64_t(a.size()));
  map_kernel(op, key)(out.data(), a.data(), b.empty() ? nullptr : b.data(), c.empty() ? nullptr : c.data(),
                      int64_t(a.size()), param);
  CHECK(out.intact(), op, " wrote behind its output, n = ", a.size());
  return std::vector<Out>(out.data(), out.data() + a.size());
}

// Whether n elements agree in every bit (NaN too).
template <class T>
bool same_bits(const T* a, const T* b, size_t n) {
  return n == 0 || !std::memcmp(a, b, n * sizeof(T));
}

// |got - exact| in units of T's last place at `exact` (at `floor` where exact is smaller). Infinite and NaN
// results must agree (else a huge error), and so must the sign of a zero. Results below the normal numbers
// may be flushed.
template <class T>
double ulps(T got, long double exact, long double floor = 0) {
  constexpr double kWrong = 1e30;
  using Limits = std::numeric_limits<T>;
  const T nearest = T(exact);
  if (std::isnan(nearest) || std::isnan(got)) return std::isnan(nearest) == std::isnan(got) ? 0 : kWrong;
  if (std::isinf(nearest) && got == nearest) return 0;
  const bool edge = std::fabs(exact) >= (long double)Limits::max() * (1 - 4 * (long double)Limits::epsilon());
  if (std::isinf(got) && edge) return 0.5;  // at the border of overflow
  if (std::isinf(nearest) || std::isinf(got)) return kWrong;
  if (exact == 0) return got == 0 && (std::signbit(got) == std::signbit(exact) || floor > 0) ? 0 : kWrong;
  const long double size = std::fmax(std::fmax(std::fabs(exact), floor), (long double)Limits::min());
  if (std::fabs(exact) < (long double)Limits::min() && std::fabs(got) <= Limits::min()) return 0;
  const long double unit = std::ldexp(1.0L, std::ilogb(size) - (Limits::digits - 1));
  return double(std::fabs((long double)got - exact) / unit);
}

// Values at which integer and floating operations tend to break.
template <class T>
std::vector<T> edge_values() {
  using L = std::numeric_limits<T>;
  std::vector<T> v = {T(0), T(1), T(2), T(3), T(7), T(10), T(100), L::max(), L::lowest(), T(L::max() - 1)};
  if constexpr (L::is_signed)
    for (int x : {-1, -2, -3, -7, -10, -100}) v.push_back(T(x));
  if constexpr (L::has_infinity) {
    for (double x : {-0.0, 0.5, -0.5, 1.5, -2.5, 0.1, 1e-3, 5.5, -5.5, 1e10, 1e-30, 16777217.0})
      v.push_back(T(x));
    v.insert(v.end(), {L::infinity(), -L::infinity(), L::quiet_NaN(), L::min()});
  } else {
    v.push_back(T(L::lowest() + 1));
  }
  return v;
}

// All pairs of edge values, then random ones.
template <class T>
struct Pairs {
  std::vector<T> a, b;
  Pairs() {
    for (T x : edge_values<T>())
      for (T y : edge_values<T>()) a.push_back(x), b.push_back(y);
    std::mt19937 rng(1);
    for (int i = 0; i < 500; ++i) {
      a.push_back(T(int(rng() % 2001) - (std::is_signed_v<T> ? 1000 : 0)));
      b.push_back(T(int(rng() % 41) - (std::is_signed_v<T> ? 20 : 0)));
      if (!std::is_integral_v<T>) a.back() /= T(7), b.back() /= T(3);
    }
  }
};

// AXONE_TEST_VERBOSE=1 prints the measured errors.
inline bool verbose() {
  return std::getenv("AXONE_TEST_VERBOSE") != nullptr;
}

}  // namespace axone::testing
