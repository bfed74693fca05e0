// Blocks of convolutions: which groups become one instruction (ops/conv/block.h).
#include "ops/conv/block.h"
#include "ops/rules.h"
#include "runtime/program_builder.h"

namespace axone {

namespace {

bool is_conv(const Graph& g, const Group& group) {
  return group.head >= 0 && is_op(g, {group.head, 0}, "conv");
}

ConvGeometry geometry_of(const Graph& g, const Group& group) {
  return forward_geometry(call_of(g, g.node(group.head)));
}

}  // namespace

// A depthwise convolution takes in the pointwise one before it and goes into the one behind it, where nothing
// else reads what lies between.
void ProgramBuilder::join_blocks() {
  std::map<Value, int> reads;
  for (Value v : outputs_) ++reads[base(v)];
  for (const auto& [storage, v] : graph_.assigned()) ++reads[base(v)];
  std::map<Value, size_t> makers;
  for (size_t i = 0; i < drafts_.size(); ++i) {
    for (Value v : drafts_[i].in) ++reads[v];
    for (Value v : drafts_[i].out) makers[v] = i;
  }
  // Whether the draft's one result is read by the other's convolution alone.
  const auto leads_to = [&](const Draft& from, const Draft& to) {
    if (from.out.size() != 1 || graph_.node(to.group.head).inputs[0] != from.out[0]) return false;
    return reads[from.out[0]] == 1 && from.stages.empty();
  };
  const auto pointwise = [&](const Draft& d) {
    return is_conv(graph_, d.group) && block_pointwise(geometry_of(graph_, d.group));
  };
  const auto first = [&](const Draft& d) {
    return is_conv(graph_, d.group) && block_first(geometry_of(graph_, d.group));
  };
  std::vector<char> gone(drafts_.size(), 0);
  for (size_t i = 0; i < drafts_.size(); ++i) {
    Draft& depthwise = drafts_[i];
    if (!is_conv(graph_, depthwise.group) || !block_depthwise(geometry_of(graph_, depthwise.group))) continue;
    const auto maker = makers.find(graph_.node(depthwise.group.head).inputs[0]);
    const bool widens = maker != makers.end() && !gone[maker->second] && first(drafts_[maker->second]) &&
                        leads_to(drafts_[maker->second], depthwise);
    size_t last = i;
    for (size_t k = i + 1; k < drafts_.size() && last == i; ++k)
      if (pointwise(drafts_[k]) && leads_to(depthwise, drafts_[k])) last = k;
    if (!widens && last == i) continue;
    std::vector<Draft> stages;
    if (widens) stages.push_back(std::move(drafts_[maker->second])), gone[maker->second] = 1;
    if (last != i) stages.push_back(std::move(depthwise)), gone[i] = 1;
    Draft& block = drafts_[last];
    std::vector<Value> in = stages[0].in;
    for (size_t s = 1; s < stages.size(); ++s)
      in.insert(in.end(), stages[s].in.begin() + 1, stages[s].in.end());
    in.insert(in.end(), block.in.begin() + 1, block.in.end());
    block.in = std::move(in);
    block.stages = std::move(stages);
  }
  std::vector<Draft> left;
  for (size_t i = 0; i < drafts_.size(); ++i)
    if (!gone[i]) left.push_back(std::move(drafts_[i]));
  drafts_ = std::move(left);
}

std::unique_ptr<Instruction> ProgramBuilder::block_of(Draft& draft) {
  std::vector<BlockStage> stages;
  size_t depthwise = 0;
  const auto add = [&](Draft& d, bool last) {
    BlockStage stage{geometry_of(graph_, d.group), nullptr, {d.group.head, 0}};
    if (!last && !d.chains.empty()) stage.chain = std::make_unique<TileProgram>(std::move(d.chains[0]));
    if (block_depthwise(stage.geometry)) depthwise = stages.size();
    stages.push_back(std::move(stage));
  };
  for (Draft& d : draft.stages) add(d, false);
  add(draft, true);
  return make_conv_block(std::move(stages), depthwise, epilogue_of(draft));
}

}  // namespace axone
