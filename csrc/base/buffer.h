// Aligned memory. Every tensor that the engine owns starts on a 64-byte line and is padded to one.
#pragma once

#include <cstddef>
#include <memory>

namespace axone {

inline constexpr size_t kAlignment = 64;

constexpr size_t round_up(size_t n, size_t unit) {
  return (n + unit - 1) / unit * unit;
}

// Owns an aligned, uninitialised block; empty for 0 bytes. Throws MemoryError where the system has none left.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t bytes);
  ~Buffer();
  Buffer(Buffer&& o) noexcept : data_(o.data_), bytes_(o.bytes_) { o.data_ = nullptr, o.bytes_ = 0; }
  Buffer& operator=(Buffer&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(bytes_, o.bytes_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void* data() const { return data_; }
  size_t size() const { return bytes_; }

  // Blocks taken since the start of the process: what proves that a train step allocates nothing.
  static size_t allocations();

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace axone
