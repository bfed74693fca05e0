#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/buffer.h"

namespace axone {

namespace {

// Lanes write parts of large values: those keep to their own pages.
size_t place_of(size_t bytes) {
  return round_up(bytes, bytes < kPage ? kAlignment : kPage);
}

}  // namespace

size_t plan_memory(std::vector<Lifetime>& blocks) {
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  std::vector<const Lifetime*> placed;  // by offset
  size_t total = 0;
  for (size_t id : order) {
    Lifetime& block = blocks[id];
    const size_t bytes = place_of(block.bytes);
    size_t offset = 0;
    for (const Lifetime* other : placed) {
      if (other->last < block.first || block.last < other->first) continue;
      if (offset + bytes <= other->offset) break;
      offset = std::max(offset, other->offset + place_of(other->bytes));
    }
    block.offset = offset;
    total = std::max(total, offset + bytes);
    auto after = std::upper_bound(placed.begin(), placed.end(), &block,
                                  [](const Lifetime* a, const Lifetime* b) { return a->offset < b->offset; });
    placed.insert(after, &block);
  }
  return total;
}

}  // namespace axone
