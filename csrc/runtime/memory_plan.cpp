#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/buffer.h"

namespace axone {

size_t plan_memory(std::vector<Lifetime>& blocks) {
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  std::vector<const Lifetime*> placed;  // by offset
  size_t total = 0;
  for (size_t id : order) {
    Lifetime& block = blocks[id];
    const size_t bytes = round_up(block.bytes, kAlignment);
    size_t offset = 0;
    for (const Lifetime* other : placed) {
      if (other->last < block.first || block.last < other->first) continue;
      if (offset + bytes <= other->offset) break;
      offset = std::max(offset, other->offset + round_up(other->bytes, kAlignment));
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
