#include "ops/rnn/plan.h"

#include <algorithm>
#include <cstring>

#include "base/buffer.h"

namespace axone {

namespace {

// A kernel up to this size stays in a core's own cache next to what passes through it.
constexpr int64_t kOwnBytes = 640 * 1024;
// Of a kernel that few sequences read, half or less is worth a meeting of the lanes after each step.
constexpr int64_t kNearBytes = 128 * 1024;
// Of a kernel up to this size few sequences hand over states; larger ones come from far away, and need the
// prefetches of the tile kernels.
constexpr int64_t kHandedBytes = 8 * 1024 * 1024;
// Sequences of a block that goes through all steps by itself, and from which two blocks are worth it.
constexpr int64_t kRows = 16;
constexpr int64_t kFewRows = 8;
// Units of a block, and sequences, where units are cut.
constexpr int64_t kUnits = 64;
constexpr int64_t kManyRows = 48;
// Rows that tiles of many rows have at least: their panels are as wide as registers allow then, which takes
// fewer loads for a multiply-add.
constexpr int64_t kTileRows = 6;
// Bytes of a panel of the kernel that many rows pass by.
constexpr int64_t kPanelBytes = 256 * 1024;
// Steps of the depth that a half may have on the way forward, where it is one pass.
constexpr int64_t kHalfDepth = 1024;
// Rows from which L1 does not hold them in one set.
constexpr int64_t kCopiedRows = 8;
// Multiply-adds that are not worth a second lane.
constexpr int64_t kSerialWork = 128 * 1024;

}  // namespace

const RnnCell kRnnCells[3] = {
    {"lstm", 4, 4, true, false}, {"gru", 3, 4, false, true}, {"simple_rnn", 1, 0, false, false}};

const RnnCell& rnn_cell(const std::string& op) {
  for (const RnnCell& cell : kRnnCells)
    if (op == cell.name || op == std::string(cell.name) + "_grad") return cell;
  throw TypeError(text("no recurrent cell '", op, "'"));
}

RnnOperands::RnnOperands(const RnnCell& cell, const Attrs& attrs, bool gradient)
    : reverse(attrs.get<bool>("reverse", false)) {
  const bool masked = attrs.get<bool>("mask", false);
  int in = 3, out = 0;
  if (cell.memory) c0 = in++;
  if (!gradient) {
    x = 0;
    if (attrs.get<bool>("bias", false)) bias = in++;
    if (masked) mask = in++;
    const int64_t projects = attrs.get<int64_t>("projects", 0);
    if (projects > 0) in_weights = in++;
    if (projects > 1) in_bias = in++;
    h_all = out++;
    h_last = out++;
    if (cell.memory) c_last = out++;
    if (attrs.get<bool>("keep", false)) {
      if (cell.kept) kept = out++;
      if (cell.memory) c_all = out++;
    }
  } else {
    h_all = 0;
    if (cell.kept) kept = in++;
    if (cell.memory) c_all = in++;
    if (masked) mask = in++;
    const int64_t grads = attrs.get<int64_t>("grads");
    if (grads & 1) h_grad = in++;
    if (grads & 2) h_last_grad = in++;
    if (grads & 4) c_last_grad = in++;
    x_grad = out++;
    if (cell.two_grads) product_grad = out++;
    h_before = out++;
    h0_grad = out++;
    if (cell.memory) c0_grad = out++;
  }
  inputs = in;
  outputs = out;
}

RnnPlan::RnnPlan(const RnnCell& c, DType dtype, int64_t b, int64_t t, int64_t u, bool gradient)
    : cell(c),
      gemm(&kernel_descriptor<GemmKernels>("gemm.kernels", dtype)),
      kernel(kernel_function<RnnFunction>((std::string("rnn.") + c.name + (gradient ? "_grad" : "")).c_str(),
                                          dtype)),
      batch(b),
      steps(t),
      units(u),
      item(int64_t(item_size(dtype))),
      depth(gradient ? c.gates * u : u),
      columns(u),
      products(gradient ? 1 : c.gates),
      unit_block(u),
      runs(gradient ? c.gates : 1),
      transposed(gradient) {
  const int64_t lanes = gemm->lanes;
  const int64_t bytes = c.gates * u * u * item;
  const bool cut_units = (bytes > kOwnBytes || (b < kFewRows && bytes > kNearBytes)) && u >= 2 * kUnits;
  if (cut_units)
    row_blocks = std::max<int64_t>(1, ceil_div(b, kManyRows));
  else if (b >= 2 * kRows)
    while (row_blocks * kRows < b) row_blocks *= 2;
  else if (b >= 2 * kFewRows)
    row_blocks = 2;
  const int64_t tall = std::max<int64_t>(1, most_rows());
  const int64_t vectors = ceil_div(cut_units ? kUnits : u, lanes);
  const int64_t widest =
      std::min<int64_t>(gemm->max_vectors, gemm->accumulators / std::min<int64_t>(tall, kTileRows));
  panel_vectors = int(ceil_div(vectors, ceil_div(vectors, widest)));
  const int64_t width = panel_vectors * lanes;
  if (cut_units) {
    unit_block = std::max<int64_t>(1, kUnits / width) * width;
    unit_blocks = ceil_div(u, unit_block);
  }
  const int64_t tiles = ceil_div(tall, gemm->rows(panel_vectors));
  const int64_t deep = kPanelBytes / (width * item) * (tiles <= 4 ? 2 : 1);
  handed_over = cut_units && !gradient && b < kFewRows && tiles == 1 && bytes <= kHandedBytes;
  halves = cut_units && (handed_over || gradient || u - half_begin(1) <= kHalfDepth);
  const int64_t whole = halves ? runs * (u - half_begin(1)) : depth;
  if (tiles > 1 && (gradient || !halves)) passes = std::max<int64_t>(1, ceil_div(whole, deep));
  if (halves) passes *= 2;
  padded_columns = int64_t(round_up(size_t(columns), size_t(lanes)));
  if (!halves || !gradient)
    tile_bytes = round_up(size_t(most_rows() * products * unit_block * item), kAlignment);
  const bool same_set = steps * depth * item % kSetBytes == 0 && most_rows() >= kCopiedRows;
  if (unit_blocks > 1 && (same_set || (halves && runs > 1))) {
    copy_stride = depth + kAlignment / item;
    if (copy_stride * item % kSetBytes == 0) copy_stride += kAlignment / item;
    copy_bytes = round_up(size_t(most_rows() * copy_stride * item), kAlignment);
  }
  serial = row_blocks * unit_blocks == 1 || b * t * depth * columns * products <= kSerialWork;
}

int64_t RnnPlan::packed_at(int64_t product, int64_t pass, int64_t column) const {
  const int64_t first = column / unit_block * unit_block;
  return packed_block(product, pass, first) + (pass_begin(pass + 1) - pass_begin(pass)) * (column - first);
}

// Forward the matrices lie side by side in the rows of the weights; backward the product is with their
// transpose. Either way a lane packs rows that lie together: those that it has updated, as a rule.
void RnnPlan::pack(const Lane& lane, const void* weights, void* packed) const {
  const int64_t width = int64_t(panel_vectors) * gemm->lanes, panels = ceil_div(columns, width);
  const int64_t stride = cell.gates * units, parts = transposed ? 1 : 2;
  int64_t index, end;
  lane.share(parts * products * passes * panels, &index, &end);
  for (; index < end; ++index) {
    const int64_t panel = index % panels, product = index / panels % products;
    const int64_t pass = index / panels / products % passes, part = index / panels / products / passes;
    const int64_t column = panel * width, count = std::min(width, columns - column);
    const int64_t padded = int64_t(round_up(size_t(count), size_t(gemm->lanes)));
    for_rows(pass, [&](int64_t place, int64_t first, int64_t all) {
      const int64_t skip = all * part / parts, row = first + skip, rows = all * (part + 1) / parts - skip;
      const int64_t at = transposed ? column * stride + row : row * stride + product * units + column;
      const int64_t to = packed_at(product, pass, column) + (place - pass_begin(pass) + skip) * padded;
      gemm->pack_b(rows, count, static_cast<const char*>(weights) + at * item, stride, transposed,
                   panel_vectors, static_cast<char*>(packed) + to * item);
    });
  }
}

void RnnPlan::copy_states(const RnnProduct& p) const {
  if (!copy_stride) return;
  char* const copied = static_cast<char*>(p.lane_scratch) + tile_bytes;
  for (int64_t r = 0; r < p.rows; ++r)
    for_rows(p.pass, [&](int64_t place, int64_t row, int64_t count) {
      std::memcpy(copied + (r * copy_stride + place) * item,
                  static_cast<const char*>(p.states.data) + (r * p.states.stride + row) * item,
                  size_t(count * item));
    });
}

void RnnPlan::multiply(const RnnProduct& p) const {
  const int64_t begin = pass_begin(p.pass);
  const char* const a = copy_stride ? static_cast<const char*>(p.lane_scratch) + tile_bytes
                                    : static_cast<const char*>(p.states.data);
  GemmBlock g{};
  g.m = p.rows, g.n = p.units, g.k = pass_begin(p.pass + 1) - begin;
  g.a = a + begin * item;
  g.a_stride = copy_stride ? copy_stride : p.states.stride;
  g.c_stride = p.c.stride;
  g.a_layout = GemmALayout::rows;
  g.b_layout = GemmBLayout::panels;
  g.panel_vectors = int8_t(panel_vectors);
  g.accumulate = p.more;
  g.in_order = true;
  g.c_last = halves && !transposed;  // backward each half has a result of its own
  // Matrices of whole panels are one product.
  const bool whole = p.units == unit_block && p.units % (int64_t(panel_vectors) * gemm->lanes) == 0;
  if (whole) g.n *= products;
  const int64_t count = whole ? 1 : products;
  const auto panels = [&](int64_t product) {
    return static_cast<const char*>(p.packed) + packed_block(product, p.pass, p.unit) * item;
  };
  for (int64_t product = 0; product < count; ++product) {
    g.c = static_cast<char*>(p.c.data) + product * unit_block * item;
    g.b = panels(product);
    // Of a cut kernel a lane's part passes by in each step.
    if (unit_blocks > 1) g.panels_behind = product + 1 < count ? panels(product + 1) : p.behind;
    const bool last = product + 1 == count;
    if (p.fetches && last) g.fetches = p.fetches->list(), g.fetch_count = p.fetches->count();
    gemm->block(g);
  }
}

}  // namespace axone
