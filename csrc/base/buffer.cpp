#include "base/buffer.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include "base/error.h"

namespace axone {

namespace {
std::atomic<size_t> allocation_count{0};

size_t alignment_of(size_t bytes) {
  return bytes < 4 * kPage ? kAlignment : kPage;
}
}  // namespace

Buffer::Buffer(size_t bytes) : bytes_(bytes) {
  if (!bytes) return;
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  const size_t alignment = alignment_of(bytes);
  data_ = ::operator new(round_up(bytes, alignment), std::align_val_t(alignment), std::nothrow);
  require<MemoryError>(data_ != nullptr, "out of memory: could not allocate ", bytes, " bytes");
}

Buffer::~Buffer() {
  ::operator delete(data_, std::align_val_t(alignment_of(bytes_)));
}

size_t Buffer::allocations() {
  return allocation_count.load(std::memory_order_relaxed);
}

}  // namespace axone
