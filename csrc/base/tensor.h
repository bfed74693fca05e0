// A dense tensor in memory: a type and shared ownership of its bytes.
#pragma once

#include <cstring>
#include <memory>

#include "base/buffer.h"
#include "base/shape.h"

namespace axone {

class Tensor {
 public:
  Tensor() = default;
  // Uninitialised, 64-byte aligned.
  explicit Tensor(TensorType type) : type_(std::move(type)) {
    auto buffer = std::make_shared<Buffer>(byte_size(type_));
    data_ = buffer->data();
    owner_ = std::move(buffer);
  }
  // Memory that `owner` keeps alive, at least as large as the type says.
  Tensor(TensorType type, void* data, std::shared_ptr<void> owner)
      : type_(std::move(type)), data_(data), owner_(std::move(owner)) {}

  template <class T>
  static Tensor scalar(T value) {
    Tensor t(TensorType{dtype_of<T>, {}});
    *static_cast<T*>(t.data()) = value;
    return t;
  }

  const TensorType& type() const { return type_; }
  DType dtype() const { return type_.dtype; }
  const Shape& shape() const { return type_.shape; }
  int64_t size() const { return element_count(type_.shape); }
  size_t bytes() const { return byte_size(type_); }
  void* data() const { return data_; }

 private:
  TensorType type_;
  void* data_ = nullptr;
  std::shared_ptr<void> owner_;
};

// A scalar tensor of any dtype from a number.
inline Tensor scalar_of(DType dtype, double value) {
  Tensor t(TensorType{dtype, {}});
  dispatch(dtype, [&](auto* p) {
    using T = std::remove_pointer_t<decltype(p)>;
    *static_cast<T*>(t.data()) = static_cast<T>(value);
  });
  return t;
}

}  // namespace axone
