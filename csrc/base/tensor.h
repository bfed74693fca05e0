// A dense tensor in memory: a type and shared ownership of its bytes.
#pragma once

#include <atomic>
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
    memory_ = std::make_shared<Memory>(byte_size(type_));
  }

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
  void* data() const { return memory_ ? memory_->buffer.data() : nullptr; }

  // How often the contents have been overwritten: what was derived from them is good while this stays.
  uint64_t writes() const { return memory_->writes.load(std::memory_order_relaxed); }
  void count_write() const { memory_->writes.fetch_add(1, std::memory_order_relaxed); }

 private:
  struct Memory {
    explicit Memory(size_t bytes) : buffer(bytes) {}
    Buffer buffer;
    std::atomic<uint64_t> writes{0};
  };

  TensorType type_;
  std::shared_ptr<Memory> memory_;
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
