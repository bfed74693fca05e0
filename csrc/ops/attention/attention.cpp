// attention: softmax(scale queries keys^T) values, without ever holding all scores (Dao et al. 2022, with the
// running softmax of Milakov and Gimelshein 2018). Types, gradient, and the way forward.
#include "ops/attention/plan.h"
#include "ops/attention/second.h"
#include "ops/rules.h"

namespace axone {

namespace {

constexpr size_t kMask = 3;  // the mask's position
// Targets of a task: it packs all keys of its head, which is little against its products.
constexpr int64_t kTaskTargets = 4 * AttentionBlocks::kTargets;

void expect_heads(const OpCall& c) {
  for (size_t i = 0; i < 3; ++i) {
    expect_float(c, i);
    expect_same_dtype(c, 0, i);
    require(c.in(i).shape.size() == 4, c.name(),
            ": expected queries, keys and values with 4 axes, got shape ", c.in(i).shape);
  }
  const Shape &q = c.in(0).shape, &k = c.in(1).shape, &v = c.in(2).shape;
  require(q[0] == k[0] && q[3] == k[3] && k[0] == v[0] && k[1] == v[1] && k[2] == v[2] && k[2] > 0 &&
              q[2] % k[2] == 0 && k[1] > 0 && q[3] > 0 && v[3] > 0,
          c.name(), ": queries of shape ", q, ", keys ", k, " and values ", v, " do not fit");
}

void expect_mask(const OpCall& c, size_t position) {
  const Shape &q = c.in(0).shape, &k = c.in(1).shape;
  require<TypeError>(c.in(position).dtype == DType::b8, c.name(), ": the mask must be bool, got ",
                     dtype_name(c.in(position).dtype));
  const Shape& mask = c.in(position).shape;
  const Shape all{q[0], q[2], q[1], k[1]};
  require(mask.size() == 4, c.name(), ": the mask must have 4 axes, got shape ", mask);
  for (size_t i = 0; i < 4; ++i)
    require(mask[i] == 1 || mask[i] == all[i], c.name(), ": a mask of shape ", mask,
            " does not broadcast to ", all);
}

// Outputs: the means (batch, targets, heads, value size); of each row the largest score and the reciprocal
// sum.
std::vector<TensorType> attention_type(const OpCall& c) {
  const bool masked = c.attrs.get<bool>("mask", false);
  expect_inputs(c, masked ? 4 : 3);
  expect_heads(c);
  if (masked) expect_mask(c, kMask);
  const Shape &q = c.in(0).shape, &v = c.in(2).shape;
  return {{c.in(0).dtype, {q[0], q[1], q[2], v[3]}}, {c.in(0).dtype, {q[0], q[2], q[1], 2}}};
}

// Inputs: queries, keys, values, means, their gradient, the rows' numbers, mask.
std::vector<TensorType> gradient_type(const OpCall& c) {
  const bool masked = c.attrs.get<bool>("mask", false);
  expect_inputs(c, masked ? 7 : 6);
  expect_heads(c);
  if (masked) expect_mask(c, 6);
  const Shape &q = c.in(0).shape, &v = c.in(2).shape;
  const TensorType made{c.in(0).dtype, {q[0], q[1], q[2], v[3]}};
  require(c.in(3) == made && c.in(4) == made && c.in(5) == TensorType{made.dtype, {q[0], q[2], q[1], 2}},
          c.name(), ": shapes do not fit");
  return {c.in(0), c.in(1), c.in(2)};
}

std::vector<Sym> attention_gradient(const GradientCall& g) {
  require<TypeError>(!g.grad(1), "attention: only its first output has a gradient");
  std::vector<Sym> others{g.in(1), g.in(2), g.out(), g.grad(), g.out(1)};
  if (g.inputs.size() > kMask) others.push_back(g.in(kMask));
  const Sym dq = g.in(0).apply("attention_grad", others, g.attrs);
  std::vector<Sym> out{dq, dq.output(1), dq.output(2)};
  if (g.inputs.size() > kMask) out.emplace_back();
  return out;
}

class AttentionInstruction final : public Instruction {
 public:
  explicit AttentionInstruction(const OpCall& c)
      : blocks_(AttentionShape(c, kMask), false),
        forward_(kernel_function<AttentionFunction>("attention.forward", c.in(0).dtype)),
        finish_(kernel_function<AttentionFinish>("attention.finish", c.in(0).dtype)) {}

  void run(const Lane& lane, const Operands& io) const override {
    const AttentionShape& s = blocks_.shape();
    const AttentionBlocks::Scratch scratch = blocks_.scratch(io.scratch, lane.index);
    const int64_t chunks = ceil_div(s.targets, kTaskTargets);
    int64_t task, end;
    lane.share(s.batch * s.heads * chunks, &task, &end);
    int64_t held = -1;  // whose keys are packed
    for (; task < end; ++task) {
      const int64_t chunk = task % chunks, head = task / chunks % s.heads, batch = task / chunks / s.heads;
      const int64_t key_head = head / s.group(), whose = batch * s.key_heads + key_head;
      if (whose != held)
        blocks_.pack(blocks_.at(io.in[1], batch, 0, key_head, s.sources, s.key_heads, s.size),
                     s.key_heads * s.size, s.size, s.sources, scratch.keys);
      held = whose;
      const int64_t last = std::min(s.targets, (chunk + 1) * kTaskTargets);
      for (int64_t t = chunk * kTaskTargets; t < last; t += AttentionBlocks::kTargets)
        run_rows(io, batch, head, t, std::min(AttentionBlocks::kTargets, last - t), scratch);
    }
  }

  bool serial() const override { return flops() < 2e5; }
  double flops() const override {
    const AttentionShape& s = blocks_.shape();
    return 2.0 * double(s.batch * s.heads * s.targets) * double(s.sources * (s.size + s.value_size));
  }
  size_t scratch_bytes(int threads) const override { return size_t(threads) * blocks_.lane_bytes(); }
  const char* name() const override { return "attention"; }

 private:
  void run_rows(const Operands& io, int64_t batch, int64_t head, int64_t target, int64_t rows,
                const AttentionBlocks::Scratch& scratch) const {
    const AttentionShape& s = blocks_.shape();
    const int64_t key_head = head / s.group();
    begin(scratch);
    const char* const queries = blocks_.at(io.in[0], batch, target, head, s.targets, s.heads, s.size);
    for (int64_t c = 0; c < s.sources; c += AttentionBlocks::kSources) {
      if (blocks_.hidden(target, rows, c)) break;
      const int64_t columns = std::min(AttentionBlocks::kSources, s.sources - c);
      blocks_.scores(scratch.scores, rows, columns, queries, s.heads * s.size, s.size, scratch.keys, c,
                     scratch);
      AttentionTile t = blocks_.tile(io, kMask, batch, head, target, rows, c, columns, scratch);
      t.most = scratch.most;
      t.sum = scratch.sum;
      t.out = scratch.out;
      t.out_stride = t.width = s.value_size;
      forward_(t);
      const char* const values =
          blocks_.at(io.in[2], batch, c, key_head, s.sources, s.key_heads, s.value_size);
      blocks_.apply(scratch.out, s.value_size, scratch.scores, rows, columns, values,
                    s.key_heads * s.value_size, s.value_size, c > 0, scratch);
    }
    AttentionRows r{};
    r.rows = rows;
    r.width = r.scaled_stride = s.value_size;
    r.scaled = scratch.out;
    r.most = scratch.most;
    r.sum = scratch.sum;
    r.out = const_cast<char*>(blocks_.at(io.out[0], batch, target, head, s.targets, s.heads, s.value_size));
    r.out_stride = s.heads * s.value_size;
    r.stats = static_cast<char*>(io.out[1]) + ((batch * s.heads + head) * s.targets + target) * 2 * s.item;
    r.stats_stride = 2;
    finish_(r);
  }

  // Nothing seen yet: the first tile sets the maximum. `out` is written by the first product, so what it
  // holds before must only be finite.
  void begin(const AttentionBlocks::Scratch& scratch) const {
    auto fill = [&](auto* zero) {
      using T = std::remove_pointer_t<decltype(zero)>;
      for (int64_t r = 0; r < AttentionBlocks::kTargets; ++r) {
        reinterpret_cast<T*>(scratch.most)[r] = sizeof(T) == 4 ? T(-3.0e38) : T(-1.7e308);
        reinterpret_cast<T*>(scratch.sum)[r] = 0;
      }
    };
    blocks_.shape().item == 4 ? fill(static_cast<float*>(nullptr)) : fill(static_cast<double*>(nullptr));
  }

  const AttentionBlocks blocks_;
  const AttentionFunction forward_;
  const AttentionFinish finish_;
};

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("attention");
  op.type = attention_type;
  op.gradient = attention_gradient;
  define_execution("attention", [](const OpCall& c) -> std::unique_ptr<Instruction> {
    return std::make_unique<AttentionInstruction>(c);
  });
  Op& grad = define_op("attention_grad");
  grad.type = gradient_type;
  grad.gradient = attention_second_gradient;
  return true;
}();

}  // namespace

}  // namespace axone
