#include "base/buffer.h"

#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>
#include <new>

#include "base/error.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace axone {

namespace {

std::atomic<size_t> allocation_count{0};

// Of a huge page, and bytes of a block from which it asks for them. Streams of several tensors meet a new
// page every 4 KB otherwise, each with a walk through the page tables, which is twice as long in a virtual
// machine.
constexpr size_t kHugePage = 2 << 20, kHugeBytes = 2 * kHugePage;

size_t alignment_of(size_t bytes) {
  return bytes < 4 * kPage ? kAlignment : bytes < kHugeBytes ? kPage : kHugePage;
}

void* take(size_t bytes) {
  const size_t alignment = alignment_of(bytes);
  void* const data =
      ::operator new(round_up(bytes, std::min(alignment, kPage)), std::align_val_t(alignment), std::nothrow);
#if defined(__linux__)
  if (data && bytes >= kHugeBytes) madvise(data, bytes, MADV_HUGEPAGE);  // a wish: either answer will do
#endif
  return data;
}

void give_back(void* data, size_t bytes) {
  ::operator delete(data, std::align_val_t(alignment_of(bytes)));
}

// Large blocks that were freed last, for the next ones of their size. Memory fresh from the system costs a
// page fault every 4 KB, several times what an elementwise operation takes: outside of programs, whose arenas
// stay, every operation would pay it.
class Spare {
 public:
  void* find(size_t bytes) {
    if (!kept(bytes)) return nullptr;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto it = blocks_.begin(); it != blocks_.end(); ++it)
      if (it->bytes == bytes) {
        void* const data = it->data;
        total_ -= bytes;
        blocks_.erase(it);
        return data;
      }
    return nullptr;
  }

  // Whether the block is kept; the oldest ones make room.
  bool keep(void* data, size_t bytes) {
    if (!kept(bytes)) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    blocks_.push_front({data, bytes});
    total_ += bytes;
    while (total_ > kMostBytes || blocks_.size() > kMostBlocks) {
      give_back(blocks_.back().data, blocks_.back().bytes);
      total_ -= blocks_.back().bytes;
      blocks_.pop_back();
    }
    return true;
  }

  void clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const Block& b : blocks_) give_back(b.data, b.bytes);
    blocks_.clear();
    total_ = 0;
  }

 private:
  struct Block {
    void* data;
    size_t bytes;
  };
  static constexpr size_t kLeastBytes = 256 * 1024, kLargestBytes = 64 << 20, kMostBytes = 96 << 20,
                          kMostBlocks = 32;

  static bool kept(size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    (void)bytes;
    return false;  // a freed block shall be seen as one
#else
    return bytes >= kLeastBytes && bytes <= kLargestBytes;
#endif
  }

  std::mutex mutex_;
  std::list<Block> blocks_;
  size_t total_ = 0;
};

Spare& spare() {
  static Spare* const s = new Spare;  // never destroyed: buffers may outlive static objects at exit
  return *s;
}

}  // namespace

Buffer::Buffer(size_t bytes) : bytes_(bytes) {
  if (!bytes) return;
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  data_ = spare().find(bytes);
  if (!data_) data_ = take(bytes);
  if (!data_) {
    spare().clear();
    data_ = take(bytes);
  }
  require<MemoryError>(data_ != nullptr, "out of memory: could not allocate ", bytes, " bytes");
}

Buffer::~Buffer() {
  if (data_ && !spare().keep(data_, bytes_)) give_back(data_, bytes_);
}

size_t Buffer::allocations() {
  return allocation_count.load(std::memory_order_relaxed);
}

}  // namespace axone
