// Aligned memory. Every tensor that the engine owns starts on a 64-byte line, larger blocks on a page, and is
// padded to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace axone {

inline constexpr size_t kAlignment = 64;

// Larger blocks start on a page.
inline constexpr size_t kPage = 4096;

// Bytes that keep one lane's region of some memory away from the next lane's. Hardware prefetchers run on
// behind what a core streams through, also into the next page, and would take lines that another lane writes
// all the time: on cores without a common cache that was a tenth of a train step.
inline constexpr size_t kLaneGap = 16 * 1024;

constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

constexpr size_t round_up(size_t n, size_t unit) {
  return (n + unit - 1) / unit * unit;
}

constexpr size_t lane_region(size_t bytes) {
  return bytes ? round_up(bytes, kPage) + kLaneGap : 0;
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
