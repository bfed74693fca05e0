// The gradient of attention: weights are computed again, tile by tile, from the rows' maxima and sums.
#include <cstring>

#include "ops/attention/plan.h"

namespace axone {

namespace {

constexpr size_t kMask = 6;
// Heads from which each task takes a whole one, and computes every tile once. Fewer are cut, once by sources
// for the gradients of keys and values, and once by targets for that of the queries.
constexpr int64_t kEnoughHeads = 8;

class AttentionGradInstruction final : public Instruction {
 public:
  explicit AttentionGradInstruction(const OpCall& c)
      : blocks_(AttentionShape(c, kMask), true),
        backward_(kernel_function<AttentionFunction>("attention.backward", c.in(0).dtype)),
        means_(kernel_function<AttentionMeans>("attention.means", c.in(0).dtype)) {
    const AttentionShape& s = blocks_.shape();
    whole_ = s.batch * s.key_heads >= kEnoughHeads;
  }

  void run(const Lane& lane, const Operands& io) const override {
    const AttentionShape& s = blocks_.shape();
    const Scratch scratch = blocks_.scratch(io.scratch, lane.index);
    const int64_t heads = s.batch * s.key_heads;
    if (whole_) {
      int64_t task, end;
      lane.share(heads, &task, &end);
      for (; task < end; ++task)
        run_part(io, {task / s.key_heads, task % s.key_heads, 0, s.targets, 0, s.sources}, true, true,
                 scratch);
      return;
    }
    for_chunks(lane, heads, s.sources, AttentionBlocks::kSources,
               [&](int64_t head, int64_t begin, int64_t end) {
                 run_part(io, {head / s.key_heads, head % s.key_heads, 0, s.targets, begin, end}, false, true,
                          scratch);
               });
    for_chunks(lane, heads, s.targets, 2 * AttentionBlocks::kTargets,
               [&](int64_t head, int64_t begin, int64_t end) {
                 run_part(io, {head / s.key_heads, head % s.key_heads, begin, end, 0, s.sources}, true, false,
                          scratch);
               });
  }

  bool serial() const override { return flops() < 2e5; }
  double flops() const override {
    const AttentionShape& s = blocks_.shape();
    return 2.0 * double(s.batch * s.heads * s.targets) * double(s.sources * (3 * s.size + 2 * s.value_size));
  }
  size_t scratch_bytes(int threads) const override { return size_t(threads) * blocks_.lane_bytes(); }
  const char* name() const override { return "attention_grad"; }

 private:
  using Scratch = AttentionBlocks::Scratch;
  // Targets and sources of all heads that share a head of keys.
  struct Part {
    int64_t batch, key_head, target, target_end, source, source_end;
  };

  template <class F>
  static void for_chunks(const Lane& lane, int64_t heads, int64_t size, int64_t chunk, const F& fn) {
    const int64_t chunks = ceil_div(size, chunk);
    int64_t task, end;
    lane.share(heads * chunks, &task, &end);
    for (; task < end; ++task) {
      const int64_t begin = task % chunks * chunk;
      fn(task / chunks, begin, std::min(size, begin + chunk));
    }
  }

  char* key_rows(const void* base, const Part& p, int64_t source, int64_t size) const {
    const AttentionShape& s = blocks_.shape();
    return const_cast<char*>(blocks_.at(base, p.batch, source, p.key_head, s.sources, s.key_heads, size));
  }

  void run_part(const Operands& io, const Part& p, bool to_queries, bool to_keys,
                const Scratch& scratch) const {
    const AttentionShape& s = blocks_.shape();
    const int64_t count = p.source_end - p.source;
    blocks_.pack(key_rows(io.in[1], p, p.source, s.size), s.key_heads * s.size, s.size, count, scratch.keys);
    blocks_.pack(key_rows(io.in[2], p, p.source, s.value_size), s.key_heads * s.value_size, s.value_size,
                 count, scratch.values);
    if (to_keys)
      for (int64_t c = p.source; c < p.source_end; ++c) {
        std::memset(key_rows(io.out[1], p, c, s.size), 0, size_t(s.size * s.item));
        std::memset(key_rows(io.out[2], p, c, s.value_size), 0, size_t(s.value_size * s.item));
      }
    for (int64_t g = 0; g < s.group(); ++g)
      for (int64_t t = p.target; t < p.target_end; t += AttentionBlocks::kTargets)
        run_rows(io, p, p.key_head * s.group() + g, t, std::min(AttentionBlocks::kTargets, p.target_end - t),
                 to_queries, to_keys, scratch);
  }

  void run_rows(const Operands& io, const Part& p, int64_t head, int64_t target, int64_t rows,
                bool to_queries, bool to_keys, const Scratch& scratch) const {
    const AttentionShape& s = blocks_.shape();
    const int64_t q_stride = s.heads * s.size, v_stride = s.heads * s.value_size;
    auto row = [&](const void* base, int64_t size) {
      return blocks_.at(base, p.batch, target, head, s.targets, s.heads, size);
    };
    const char* const queries = row(io.in[0], s.size);
    const char* const grads = row(io.in[4], s.value_size);
    char* const query_grads = const_cast<char*>(row(io.out[0], s.size));
    means_(scratch.sum, row(io.in[3], s.value_size), v_stride, grads, v_stride, rows, s.value_size);
    for (int64_t c = p.source; c < p.source_end; c += AttentionBlocks::kSources) {
      if (blocks_.hidden(target, rows, c)) break;
      const int64_t columns = std::min(AttentionBlocks::kSources, p.source_end - c), column = c - p.source;
      blocks_.scores(scratch.scores, rows, columns, queries, q_stride, s.size, scratch.keys, column, scratch);
      blocks_.scores(scratch.grads, rows, columns, grads, v_stride, s.value_size, scratch.values, column,
                     scratch);
      AttentionTile t = blocks_.tile(io, kMask, p.batch, head, target, rows, c, columns, scratch);
      t.stats =
          static_cast<const char*>(io.in[5]) + ((p.batch * s.heads + head) * s.targets + target) * 2 * s.item;
      t.stats_stride = 2;
      t.means = scratch.sum;
      t.grads = scratch.grads;
      backward_(t);
      if (to_queries)
        blocks_.apply(query_grads, q_stride, scratch.grads, rows, columns, key_rows(io.in[1], p, c, s.size),
                      s.key_heads * s.size, s.size, c > 0, scratch);
      if (!to_keys) continue;
      blocks_.apply_transposed(key_rows(io.out[1], p, c, s.size), s.key_heads * s.size, scratch.grads, rows,
                               columns, queries, q_stride, s.size, scratch);
      blocks_.apply_transposed(key_rows(io.out[2], p, c, s.value_size), s.key_heads * s.value_size,
                               scratch.scores, rows, columns, grads, v_stride, s.value_size, scratch);
    }
  }

  const AttentionBlocks blocks_;
  const AttentionFunction backward_;
  const AttentionMeans means_;
  bool whole_;
};

[[maybe_unused]] const bool registered = [] {
  define_execution("attention_grad", [](const OpCall& c) -> std::unique_ptr<Instruction> {
    return std::make_unique<AttentionGradInstruction>(c);
  });
  return true;
}();

}  // namespace

}  // namespace axone
