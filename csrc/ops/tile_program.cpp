#include "ops/tile_program.h"

#include <algorithm>
#include <cstring>

#include "ops/map_ops.h"
#include "ops/rules.h"

namespace axone {

namespace {

// Bytes of tiles that a step walks through should about fit a first-level cache; 24 to 64 KB made no
// difference.
constexpr int64_t kTileBudget = 32 * 1024;
// Elements of a chain that works on memory instead of a cache: with half the tile, what a core looks ahead
// reaches the next tile's first loads, so that they overlap with this one's last steps.
constexpr int64_t kManyElements = 2 << 20;
constexpr int64_t kLargestTile = 2048, kSmallestTile = 256, kUpdateTile = 16384;

// Axes of `shape` as seen from a dense output of shape `full`, merged where both run on: extents and element
// strides.
void collapse(const Shape& shape, const Shape& full, std::vector<int64_t>* extents,
              std::vector<int64_t>* strides) {
  const size_t lead = full.size() - shape.size();
  const std::vector<int64_t> dense = dense_strides(shape);
  for (size_t i = 0; i < full.size(); ++i) {
    if (full[i] == 1) continue;
    const int64_t stride = i < lead || shape[i - lead] == 1 ? 0 : dense[i - lead];
    if (!extents->empty() && strides->back() == stride * full[i]) {
      extents->back() *= full[i];
      strides->back() = stride;
    } else {
      extents->push_back(full[i]);
      strides->push_back(stride);
    }
  }
}

template <class T>
void fill(void* tile, const void* value, int64_t n) {
  const T x = *static_cast<const T*>(value);
  T* out = static_cast<T*>(tile);
  for (int64_t i = 0; i < n; ++i) out[i] = x;
}

void fill(size_t item, void* tile, const void* value, int64_t n) {
  switch (item) {
    case 1:
      return fill<uint8_t>(tile, value, n);
    case 4:
      return fill<uint32_t>(tile, value, n);
    default:
      return fill<uint64_t>(tile, value, n);
  }
}

template <class T>
void copy_strided(void* to, const void* from, int64_t n, int64_t stride) {
  const T* in = static_cast<const T*>(from);
  T* out = static_cast<T*>(to);
  for (int64_t i = 0; i < n; ++i) out[i] = in[i * stride];
}

// One run along the innermost axis.
void copy_run(size_t item, char* to, const char* from, int64_t n, int64_t stride) {
  if (stride == 1) {
    std::memcpy(to, from, size_t(n) * item);
  } else if (stride == 0) {
    fill(item, to, from, n);
  } else if (item == 1) {
    copy_strided<uint8_t>(to, from, n, stride);
  } else if (item == 4) {
    copy_strided<uint32_t>(to, from, n, stride);
  } else {
    copy_strided<uint64_t>(to, from, n, stride);
  }
}

bool contains(const std::vector<Value>& values, Value v) {
  return std::find(values.begin(), values.end(), v) != values.end();
}

}  // namespace

bool TileProgram::Step::reads(int16_t slot) const {
  if (update) return std::find(slots.begin() + kUpdateOutputs, slots.end(), slot) != slots.end();
  return a == slot || b == slot || c == slot;
}

bool TileProgram::Step::writes(int16_t slot) const {
  if (!update) return out == slot;
  return std::find(slots.begin(), slots.begin() + kUpdateOutputs, slot) != slots.begin() + kUpdateOutputs;
}

template <class F>
void TileProgram::Step::for_each_slot(const F& fn) const {
  if (update) return void(std::for_each(slots.begin(), slots.end(), fn));
  for (int16_t s : {a, b, c, out})
    if (s >= 0) fn(s);
}

TileProgram::TileProgram(const Graph& graph, const std::vector<int32_t>& nodes,
                         const std::vector<Value>& escapes, const std::vector<int32_t>& statistics) {
  elements_ = element_count(nodes.empty() ? graph.shape(graph.node(statistics[0]).inputs[0])
                                          : graph.node(nodes[0]).outputs[0].shape);
  add_steps(graph, nodes, escapes);
  add_statistics(graph, statistics);
  fuse_steps();
  fuse_update();
  fuse_products();
  hoist_steps();
  place_registers();
  for (const Step& s : steps_) {
    recipe_.append(reinterpret_cast<const char*>(&s.kernel), sizeof(s.kernel));
    recipe_.append(reinterpret_cast<const char*>(&s.out), 4 * sizeof(s.out));
    recipe_.append(reinterpret_cast<const char*>(&s.param), sizeof(s.param));
    recipe_.append(reinterpret_cast<const char*>(&s.update), sizeof(s.update));
    recipe_.append(reinterpret_cast<const char*>(s.slots.data()), sizeof(s.slots));
    if (s.statistic >= 0) recipe_ += statistics_.recipe(size_t(s.statistic));
  }
  for (const Slot& s : slots_) {
    recipe_ += char(s.source);
    recipe_ += char(s.dtype);
    recipe_.append(reinterpret_cast<const char*>(&s.index), sizeof(s.index));
    // Strides carry the shape: such programs are equal only for equal shapes.
    for (int64_t x : s.extents) recipe_.append(reinterpret_cast<const char*>(&x), sizeof(x));
    for (int64_t x : s.strides) recipe_.append(reinterpret_cast<const char*>(&x), sizeof(x));
    if (s.source == Source::constant)
      recipe_.append(static_cast<const char*>(constants_[size_t(s.index)].data()), item_size(s.dtype));
  }
}

int16_t TileProgram::add_slot(Slot slot) {
  slots_.push_back(std::move(slot));
  return int16_t(slots_.size() - 1);
}

int16_t TileProgram::slot_of(const Graph& graph, Value v, const Shape& shape) {
  for (const auto& [value, slot] : known_)
    if (value == v) return slot;
  const int16_t slot = input_slot(graph, v, shape);
  known_.emplace_back(v, slot);
  return slot;
}

int16_t TileProgram::input_slot(const Graph& graph, Value v, const Shape& shape) {
  const DType dtype = graph.dtype(v);
  double number;
  if (is_scalar_constant(graph, v, &number)) {
    constants_.emplace_back(size_t(kLargestTile) * item_size(dtype));
    const Tensor scalar = scalar_of(dtype, number);
    fill(item_size(dtype), constants_.back().data(), scalar.data(), kLargestTile);
    return add_slot({Source::constant, dtype, int32_t(constants_.size()) - 1, 0, {}, {}});
  }
  Slot slot{Source::dense, dtype, int32_t(inputs_.size()), 0, {}, {}};
  inputs_.push_back(v);
  if (element_count(graph.shape(v)) == 1 && element_count(shape) != 1) {
    slot.source = Source::scalar;
  } else if (element_count(graph.shape(v)) != element_count(shape)) {
    slot.source = Source::strided;
    collapse(graph.shape(v), shape, &slot.extents, &slot.strides);
  }
  return add_slot(std::move(slot));
}

void TileProgram::add_steps(const Graph& graph, const std::vector<int32_t>& nodes,
                            const std::vector<Value>& escapes) {
  for (int32_t id : nodes) {
    const Node& node = graph.node(id);
    OpCall call{*node.op, node.attrs, {}, node.outputs};
    for (Value v : node.inputs) call.inputs.push_back(graph.type(v));
    const std::string kernel =
        "map." + (node.op->kernel ? node.op->kernel(call) : std::string(node.op->name));
    const bool chooses = std::string(node.op->name) == "where";
    Step step{kernel_function<MapFunction>(kernel.c_str(), call.in(chooses ? 1 : 0).dtype),
              -1,
              -1,
              -1,
              -1,
              map_parameter(node.attrs),
              nullptr,
              {}};
    int16_t* operand = &step.a;
    for (Value v : node.inputs) *operand++ = slot_of(graph, v, node.outputs[0].shape);
    const Value result{id, 0};
    Slot slot{Source::temporary, node.outputs[0].dtype, 0, 0, {}, {}};
    if (contains(escapes, result)) {
      slot.source = Source::output;
      slot.index = int32_t(outputs_.size());
      outputs_.push_back(result);
    }
    step.out = add_slot(std::move(slot));
    if (slots_.back().source == Source::output) output_slots_.push_back(step.out);
    known_.emplace_back(result, step.out);
    steps_.push_back(step);
  }
}

void TileProgram::add_statistics(const Graph& graph, const std::vector<int32_t>& statistics) {
  const auto made = [&](int16_t slot) {
    return std::any_of(steps_.begin(), steps_.end(), [&](const Step& s) { return s.out == slot; });
  };
  // What is read as it came in is taken first: a later step may write over it.
  int64_t first = 0;
  for (int32_t id : statistics) {
    const Node& node = graph.node(id);
    const Value v = node.inputs[0];
    Step step{nullptr, -1, slot_of(graph, v, graph.shape(v)), -1, -1, 0, nullptr, {}};
    step.statistic = statistics_.add(node.op->statistic(graph, node), graph.dtype(v));
    steps_.insert(made(step.a) ? steps_.end() : steps_.begin() + first++, step);
  }
}

// Gives every temporary, and every input that must be expanded, a tile in the lane's scratch; a temporary's
// tile is free again after its last use.
void TileProgram::place_registers() {
  std::vector<size_t> last(slots_.size(), 0);
  for (size_t i = 0; i < steps_.size(); ++i) steps_[i].for_each_slot([&](int16_t s) { last[size_t(s)] = i; });
  std::vector<char> lasts(slots_.size(), 0);  // made once, and never free
  for (const Step& s : steps_)
    if (s.once) lasts[size_t(s.out)] = 1;
  std::vector<size_t> free_tiles;
  size_t tiles = 0, dense = 0;
  auto take = [&] {
    if (free_tiles.empty()) return tiles++;
    const size_t t = free_tiles.back();
    free_tiles.pop_back();
    return t;
  };
  for (Slot& s : slots_) {
    if (s.source == Source::scalar || s.source == Source::strided) s.offset = take();
    if (s.source == Source::dense || s.source == Source::output) ++dense;
  }
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    step.for_each_slot([&](int16_t s) {
      if (step.writes(s) && slots_[size_t(s)].source == Source::temporary) slots_[size_t(s)].offset = take();
    });
    step.for_each_slot([&](int16_t s) {
      if (!step.reads(s) || slots_[size_t(s)].source != Source::temporary || last[size_t(s)] != i) return;
      if (lasts[size_t(s)]) return;
      if (std::find(free_tiles.begin(), free_tiles.end(), slots_[size_t(s)].offset) == free_tiles.end())
        free_tiles.push_back(slots_[size_t(s)].offset);
    });
  }
  const int64_t budget = elements_ < kManyElements ? kTileBudget : kTileBudget / 2;
  const int64_t fits = budget / int64_t((tiles + dense + 1) * sizeof(float));
  tile_ = std::clamp(fits / 64 * 64, kSmallestTile, kLargestTile);
  // Tiles of whole periods: then a periodic input is expanded once for all of them. Numbers alone are the
  // same in every tile.
  const bool strided =
      std::any_of(slots_.begin(), slots_.end(), [](const Slot& s) { return s.source == Source::strided; });
  if (!strided) period_ = 1;
  for (const Slot& s : slots_) {
    if (s.source != Source::strided) continue;
    if (s.period() == 0 || s.period() > kLargestTile || (period_ && s.period() != period_)) {
      period_ = 0;
      break;
    }
    period_ = s.period();
  }
  if (period_) tile_ = std::max<int64_t>(1, tile_ / period_) * period_;
  // Tiles of whole rows, whose columns are gathered in one call.
  const int64_t columns = statistics_.columns();
  if (columns <= kLargestTile) tile_ = std::max<int64_t>(1, tile_ / columns) * columns;
  const size_t tile_bytes = size_t(tile_) * sizeof(double);
  // A lone update rule keeps nothing between its inputs and outputs.
  if (steps_.size() == 1 && steps_[0].update && !strided) {
    tile_ = kUpdateTile;
    update_form_ = steps_[0].form;
    gradient_ = slots_[size_t(steps_[0].slots[kGradient])].index;
  }
  for (Slot& s : slots_) s.offset *= tile_bytes;
  scratch_ = tiles * tile_bytes;
  for (size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].source == Source::dense || slots_[i].source == Source::strided ||
        slots_[i].source == Source::output)
      add_moving(int16_t(i));
}

void TileProgram::add_moving(int16_t slot) {
  const Slot& s = slots_[size_t(slot)];
  moving_.push_back({slot, s.source, int32_t(s.index), int64_t(item_size(s.dtype))});
}

// An update rule reads one element of a number, all others a whole tile of them.
int64_t TileProgram::scalar_copies(int16_t slot) const {
  const auto spread = [&](const Step& s) { return !s.update && s.reads(slot); };
  return std::any_of(steps_.begin(), steps_.end(), spread) ? tile_ : 1;
}

bool TileProgram::can_alias(size_t o, size_t i) const {
  size_t written = 0;
  while (!steps_[written].writes(output_slots_[o])) ++written;
  for (size_t s = 0; s < slots_.size(); ++s) {
    const Slot& slot = slots_[s];
    const bool is_input =
        slot.source == Source::dense || slot.source == Source::scalar || slot.source == Source::strided;
    if (!is_input || slot.index != int32_t(i)) continue;
    if (slot.source != Source::dense ||
        item_size(slot.dtype) != item_size(slots_[size_t(output_slots_[o])].dtype))
      return false;
    for (size_t k = written + 1; k < steps_.size(); ++k)
      if (steps_[k].reads(int16_t(s))) return false;
  }
  return true;
}

void TileProgram::write_late(size_t o) {
  const int16_t old = output_slots_[o];
  const DType dtype = slots_[size_t(old)].dtype;
  const int16_t fresh = add_slot({Source::output, dtype, int32_t(o), 0, {}, {}});
  Slot& slot = slots_[size_t(old)];
  slot.source = Source::temporary;
  slot.offset = scratch_;
  scratch_ += size_t(tile_) * sizeof(double);
  moving_.erase(std::find_if(moving_.begin(), moving_.end(), [&](const Moving& m) { return m.slot == old; }));
  add_moving(fresh);
  steps_.push_back({kernel_function<MapFunction>("map.copy", dtype), fresh, old, -1, -1, 0, nullptr, {}});
  output_slots_[o] = fresh;
  recipe_ += "late" + std::to_string(o);
}

// The tile [begin, begin + count) of a broadcast input: its own memory where that is one run, else a copy.
const void* TileProgram::expand(const Slot& slot, const void* base, int64_t begin, int64_t count,
                                void* tile) const {
  const size_t item = item_size(slot.dtype);
  const char* in = static_cast<const char*>(base);
  const size_t rank = slot.extents.size();
  const int64_t inner = slot.extents[rank - 1], step = slot.strides[rank - 1];
  int64_t position = begin % inner;
  int64_t index[16], offset = position * step;
  int64_t rest = begin / inner;
  for (size_t a = rank - 1; a-- > 0;) {
    index[a] = rest % slot.extents[a];
    rest /= slot.extents[a];
    offset += index[a] * slot.strides[a];
  }
  if (step == 1 && position + count <= inner) return in + size_t(offset) * item;
  char* out = static_cast<char*>(tile);
  for (int64_t done = 0; done < count;) {
    const int64_t run = std::min(inner - position, count - done);
    copy_run(item, out + size_t(done) * item, in + offset * int64_t(item), run, step);
    done += run;
    offset -= position * step;
    position = 0;
    for (size_t a = rank - 1; a-- > 0;) {
      offset += slot.strides[a];
      if (++index[a] < slot.extents[a]) break;
      offset -= slot.strides[a] * slot.extents[a];
      index[a] = 0;
    }
  }
  return tile;
}

TileProgram::Bound::Bound(const TileProgram& program, const void* const* in, void* const* out, void* scratch)
    : program_(program), in_(in), out_(out), scratch_(static_cast<char*>(scratch)) {
  for (size_t i = 0; i < program.slots_.size(); ++i) {
    const Slot& s = program.slots_[i];
    if (s.source == Source::constant) at_[i] = program.constants_[size_t(s.index)].data();
    if (s.source == Source::temporary || s.source == Source::scalar) at_[i] = scratch_ + s.offset;
    if (s.source == Source::scalar)
      fill(item_size(s.dtype), scratch_ + s.offset, in[s.index], program.scalar_copies(int16_t(i)));
  }
}

bool TileProgram::Bound::move(int64_t first, int64_t n) {
  const int64_t period = program_.period_;
  const bool fresh = period == 0 || n > expanded_ || first % period != phase_;
  for (const Moving& m : program_.moving_) {
    if (m.source == Source::dense)
      at_[m.slot] = static_cast<const char*>(in_[m.index]) + first * m.item;
    else if (m.source == Source::output)
      at_[m.slot] = static_cast<char*>(out_[m.index]) + first * m.item;
    else if (fresh)
      at_[m.slot] = program_.expand(program_.slots_[size_t(m.slot)], in_[m.index], first, n,
                                    scratch_ + program_.slots_[size_t(m.slot)].offset);
  }
  if (fresh && period) phase_ = first % period, expanded_ = n;
  return fresh;
}

bool TileProgram::Bound::in_place() const {
  const auto& slots = program_.steps_[0].slots;
  const auto same = [&](UpdateOperand fresh, UpdateOperand old) {
    const Slot &out = program_.slots_[size_t(slots[fresh])], &in = program_.slots_[size_t(slots[old])];
    return in.source == Source::dense && out_[out.index] == in_[in.index];
  };
  return same(kUpdatedM, kOldM) && same(kUpdatedV, kOldV) && same(kUpdatedW, kOldW);
}

void TileProgram::Bound::update_operands(int64_t begin, const void** operands) {
  move(begin, 1);
  for (int16_t slot : program_.steps_[0].slots) *operands++ = at_[slot];
}

void TileProgram::Bound::run(int64_t begin, int64_t count, char* part) {
  const int64_t tile = program_.tile_;
  for (int64_t first = begin; first < begin + count; first += tile) {
    const int64_t n = std::min(tile, begin + count - first);
    const bool fresh = move(first, n);
    for (const Step& s : program_.steps_) {
      if (s.once && !fresh) continue;
      if (s.statistic >= 0) {
        const auto at = [&](int16_t slot) {
          return slot < 0 ? nullptr : static_cast<const char*>(at_[slot]);
        };
        program_.statistics_.take(size_t(s.statistic), {at(s.a), at(s.b), at(s.c)}, first, n, part);
        continue;
      }
      if (s.update) {
        const void* operands[kUpdateOperands];
        for (size_t i = 0; i < s.slots.size(); ++i) operands[i] = at_[s.slots[i]];
        s.update(operands, n);
        continue;
      }
      s.kernel(const_cast<void*>(at_[s.out]), s.a < 0 ? nullptr : at_[s.a], s.b < 0 ? nullptr : at_[s.b],
               s.c < 0 ? nullptr : at_[s.c], n, s.param);
    }
  }
}

}  // namespace axone
