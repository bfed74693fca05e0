// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace axone {

enum class DType : uint8_t { f32, f64, i32, i64, u8, b8 };

inline constexpr int kDTypeCount = 6;

// Bytes of one element.
constexpr size_t item_size(DType t) {
  switch (t) {
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::u8:
    case DType::b8:
      return 1;
  }
  return 0;
}

// Keras's (and NumPy's) name of a type: "float32", "bool", ...
const char* dtype_name(DType t);

// The type that a name means; throws TypeError for a name that is none of ours.
DType dtype_from_name(const char* name);

constexpr bool is_float(DType t) {
  return t == DType::f32 || t == DType::f64;
}
constexpr bool is_integer(DType t) {
  return t == DType::i32 || t == DType::i64 || t == DType::u8;
}

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::i32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::i64;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::u8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::b8;
};
template <class T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

// Calls f with a null pointer to the C++ type behind `t`: dispatch(t, [&](auto* p) { using T = ...; }).
template <class F>
decltype(auto) dispatch(DType t, F&& f) {
  switch (t) {
    case DType::f32:
      return f(static_cast<float*>(nullptr));
    case DType::f64:
      return f(static_cast<double*>(nullptr));
    case DType::i32:
      return f(static_cast<int32_t*>(nullptr));
    case DType::i64:
      return f(static_cast<int64_t*>(nullptr));
    case DType::u8:
      return f(static_cast<uint8_t*>(nullptr));
    case DType::b8:
      break;
  }
  return f(static_cast<bool*>(nullptr));
}

}  // namespace axone
