#include "ops/gemm_plan.h"

#include <algorithm>
#include <cstdio>

#include "base/buffer.h"
#include "base/error.h"
#include "cpu/dispatch.h"

namespace axone {

namespace {

// Multiply-adds that one core does in about half a microsecond: less than this is not worth a second lane.
constexpr int64_t kSerialWork = 64 * 1024;
// Tasks per product that the cut aims at, and multiply-adds below which a task is not cut again.
constexpr int64_t kTasks = 16;
constexpr int64_t kTaskWork = 256 * 1024;
// Multiply-adds from which tasks are more, so that a lane can take over some of a slower one's.
constexpr int64_t kDynamicWork = 32 * 1024 * 1024;
constexpr int64_t kDynamicTasks = 32;
// Bytes of A (rows x k of one task) that stay in a core's L2 next to what else passes through it.
constexpr int64_t kL2Bytes = 512 * 1024;
// Bytes of one panel of B that many rows of A pass by; a bit more than L1 holds, as L2 keeps up.
constexpr int64_t kPanelBytes = 48 * 1024;
// Rows of a tile that has wider panels, so that a multiply-add needs fewer loads: eight, or six where panels
// are few and would not be of one width.
constexpr int kWideRows = 8, kWiderRows = 6;
// Of one vector of columns where both operands are packed: a pass less over C is worth more than the rest of
// L1.
constexpr int64_t kStripVectorBytes = 32 * 1024;
// Bytes of B that the team packs at a time.
constexpr int64_t kStripBytes = 5 * 1024 * 1024;
// B is read where it lies by products of fewer rows than this, and where it is small and its rows are close:
// rows 4 KiB apart share two sets of L1, and beyond 2 MiB of B the TLB misses cost more than packing.
constexpr int64_t kPackRows = 192;
constexpr int64_t kNearBytes = 2 * 1024 * 1024;
constexpr int64_t kNearStride = 2048;
// Outputs per row or column up to which sums along k beat packing an operand that lies along k.
constexpr int64_t kDotOutputs = 12;
constexpr int64_t kDotDepth = 64;
// Multiply-adds behind each output from which transposing it costs less than packing operands.
constexpr int64_t kSwapDepth = 256;
// Rows from which a product of few columns is worth another orientation.
constexpr int64_t kNarrowRows = 64;
// Columns that are few for rows which lie pages apart.
constexpr int64_t kFewColumns = 128;
// Multiply-adds from which the halves of a deep product are worth adding up.
constexpr int64_t kDeepWork = 8 * 1024 * 1024;
// Elements of B, and their ratio to a row of A, from which it pays to split the inner axis.
constexpr int64_t kSplitElements = 16 * 1024;
constexpr int64_t kSplitDepth = 4;
// Rows of C up to which it is split.
constexpr int64_t kSplitRows = 64;
// Rows that a sample is taken to have where its length must not matter.
constexpr int64_t kSampleRows = 32;

bool multiply_overflows(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) || product > INT64_MAX / 16;
}

}  // namespace

GemmPlan::GemmPlan(const GemmShape& s)
    : dtype(s.dtype),
      in_order(s.samples > 0),
      runs(!in_order       ? std::max<int64_t>(1, s.k)
           : s.transpose_a ? s.samples
                           : 1) {
  require(s.m >= 0 && s.n >= 0 && s.k >= 0 && s.batch >= 0, "matmul: negative size in m ", s.m, ", n ", s.n,
          ", k ", s.k, ", batch ", s.batch);
  require(!multiply_overflows(s.m, s.n) && !multiply_overflows(s.m * s.n, s.batch) &&
              !multiply_overflows(s.m, s.k) && !multiply_overflows(s.k, s.n),
          "matmul: a product of ", s.batch, " x (", s.m, ", ", s.k, ") x (", s.k, ", ", s.n,
          ") does not fit in memory");
  kernels = &kernel_descriptor<GemmKernels>("gemm.kernels", dtype);
  orient(s);
  if (algorithm != GemmAlgorithm::empty) {
    choose_tile();
    cut();
    size_scratch();
  }
  describe();
}

int64_t GemmPlan::column_begin(int64_t panel) const {
  return std::min(n, panel * panel_width());
}

void GemmPlan::orient(const GemmShape& s) {
  m = s.m, n = s.n, k = s.k, batch = s.batch;
  c_stride = n;
  if (m == 0 || n == 0 || k == 0 || batch == 0) return;
  // A matrix of one row or column is stored either way: take the way that the kernels like.
  bool rows_along_k = !s.transpose_a || m == 1;
  columns_along_k = n == 1 || (s.transpose_b && k > 1);
  row_stride = rows_along_k ? k : m;
  column_stride = columns_along_k ? k : n;
  row_batch = s.a_stride, column_batch = s.b_stride;
  // One B for all and dense A: a single tall product.
  if (batch > 1 && s.b_stride == 0 && s.a_stride == m * k && (!s.transpose_a || m == 1)) {
    m *= batch;
    batch = 1;
  }
  const int64_t least = std::min(m, n);
  const bool few = least <= 3 || (least <= kDotOutputs && k >= kDotDepth);
  // Rows that do not lie along k are packed so; integers have no tuned packing to lose.
  const bool dot =
      !in_order && (rows_along_k ? few || !is_float(dtype) : n > 1 && (m <= 3 || !is_float(dtype)));
  // Few columns leave most of a vector empty: sums along k fill it, and so does the transpose of the product
  // where A lies along its columns.
  const bool far = !rows_along_k && far_and_narrow();
  const bool narrow = is_float(dtype) && n > 1 && n <= kDotOutputs && m >= kNarrowRows;
  if (columns_along_k && dot) {
    algorithm = GemmAlgorithm::dot;
    swapped = n == 1 && m > 1;
  } else if (narrow && !columns_along_k && rows_along_k && k >= kDotDepth && !in_order) {
    algorithm = GemmAlgorithm::dot;
  } else if ((narrow || far || deep_and_narrow()) && !columns_along_k && !rows_along_k) {
    algorithm = GemmAlgorithm::tasks;
    swapped = true;
  } else {
    // A vector on the right is one on the left of the transpose. For the rest: B that is stored along k has
    // to be transposed (k n elements) unless the product is computed the other way round, which transposes
    // the result (m n) and, where A too is stored along k, A (m k).
    const int64_t cost = m * n + (rows_along_k ? m * k : 0);
    const bool few_outputs = columns_along_k && cost < n * k && least < 128 && 2 * m > kernels->lanes;
    swapped = n == 1 || few_outputs || (columns_along_k && !rows_along_k && (far || in_place_if_swapped()));
    algorithm = GemmAlgorithm::tasks;
  }
  swapped_far = swapped && far;
  if (swapped) {
    std::swap(m, n);
    std::swap(row_stride, column_stride);
    std::swap(row_batch, column_batch);
    std::swap(rows_along_k, columns_along_k);
    transposed_c = m > 1;
    if (!transposed_c) c_stride = n;
  }
  // A single row is as well columns of one element, which tiles with rows of B apart want.
  const bool one_row = swapped && m == 1 && !columns_along_k;
  if (one_row) row_stride = 1;
  row_layout = rows_along_k && !one_row ? GemmALayout::rows : GemmALayout::columns;
}

// A tall gradient of few columns and many samples: its transpose is one of few rows, whose inner axis lanes
// share, instead of halves of each sample.
bool GemmPlan::deep_and_narrow() const {
  return is_float(dtype) && !in_order && batch == 1 && n <= kSplitRows && m >= 2 * n &&
         k >= kSplitDepth * m && m * n * k >= kDeepWork;
}

// Columns of A in pages of their own, for few columns of B: the transpose reads runs of memory.
bool GemmPlan::far_and_narrow() const {
  const int64_t item = int64_t(item_size(dtype));
  return is_float(dtype) && !in_order && batch == 1 && n > kDotOutputs && n <= kFewColumns &&
         k >= kSwapDepth && m * item > 2 * kNearStride && m * k * item > kNearBytes;
}

// A^T B^T of sizes whose transpose, B A, needs no packing, and so few sums that transposing them costs less.
// Not where rows of B would share one set of L1.
bool GemmPlan::in_place_if_swapped() const {
  const int64_t item = int64_t(item_size(dtype));
  return is_float(dtype) && !in_order && k >= kSwapDepth && 2 * k > n && m * item <= kNearStride &&
         m * k * item <= kNearBytes && k * item % kSetBytes != 0;
}

void GemmPlan::choose_tile() {
  const int64_t lanes = kernels->lanes, item = int64_t(item_size(dtype));
  if (algorithm == GemmAlgorithm::dot) {
    panel_vectors = 1;
    pack_a = row_layout != GemmALayout::rows;
    pack_b = !columns_along_k;
    return;
  }
  // Few rows leave registers for wider panels; panels are of even width. Those of narrow gradients are no
  // wider than rows_apart needs.
  const int64_t vectors = ceil_div(n, lanes);
  const bool narrow = swapped && !columns_along_k && m <= kDotOutputs;
  const int64_t widest =
      narrow ? 2 : std::min<int64_t>(kernels->max_vectors, std::max<int64_t>(2, kernels->accumulators / m));
  panel_vectors = int(ceil_div(vectors, ceil_div(vectors, widest)));
  choose_packing();
  widen_panels();

  // A panel that only one tile of rows reads need not stay in a cache at all, one that few read not in L1.
  const int64_t tiles = ceil_div(m, kernels->rows(panel_vectors));
  const bool packed = algorithm == GemmAlgorithm::strips;
  const int64_t depth = packed ? kStripVectorBytes / (lanes * item) : kPanelBytes / (panel_width() * item);
  if (packed)
    k_blocks = 3 * k <= 4 * depth ? 1 : ceil_div(k, depth);  // a pass more costs adding to all of C
  else if (tiles > 1 && !(in_order && transposed_c))
    k_blocks = std::max<int64_t>(1, k / (tiles <= 4 ? 2 * depth : depth));
}

// Wider panels where these still make tasks enough: of packed operands, and of rows of samples that are near
// each other. Tall gradients keep two vectors, as an update that goes along needs them, and so do rows apart.
void GemmPlan::widen_panels() {
  const bool in_tasks = algorithm == GemmAlgorithm::tasks && pack_b && row_layout == GemmALayout::rows &&
                        m * n * k >= kTasks * kTaskWork;
  const bool in_halves = algorithm == GemmAlgorithm::split_k && !swapped &&
                         column_stride * int64_t(item_size(dtype)) <= 2 * kNearStride;
  if (algorithm != GemmAlgorithm::strips && !in_tasks && !in_halves) return;
  const int64_t vectors = ceil_div(n, kernels->lanes);
  const int64_t wide = kernels->accumulators / kWideRows, wider = kernels->accumulators / kWiderRows;
  const int64_t widest = std::max<int64_t>(panel_vectors, in_tasks && vectors % wider == 0 ? wider : wide);
  panel_vectors = int(ceil_div(vectors, ceil_div(vectors, widest)));
}

bool GemmPlan::many_samples() const {
  return batch == 1 && row_layout == GemmALayout::rows && !swapped && m >= 2 * n && m >= kPackRows;
}

int64_t GemmPlan::depth() const {
  return !in_order ? k : runs > 1 ? runs * kSampleRows : 0;
}

bool GemmPlan::deep() const {
  return batch == 1 && row_layout == GemmALayout::columns && !columns_along_k && !swapped_far && m >= 64 &&
         n >= 2 * panel_width() && depth() * (m + n) >= 4 * m * n && m * n * depth() >= kDeepWork;
}

void GemmPlan::choose_packing() {
  const int64_t item = int64_t(item_size(dtype));
  const bool far_b =
      k * n * item > kNearBytes || (column_stride * item > kNearStride && k * n * item > kNearBytes / 8);
  // Columns of A pages apart: the team walks them together, strip by strip.
  const bool far_a =
      row_layout == GemmALayout::columns && row_stride * item > 2 * kNearStride && m * k * item > kNearBytes;
  if (batch == 1 && m >= kPackRows && n >= 2 * panel_width() && m * n * k >= int64_t(128) * 128 * 128 &&
      !(in_order && transposed_c) && ((columns_along_k && k * n * item > kNearBytes / 8) || far_b || far_a))
    algorithm = GemmAlgorithm::strips;
  // The lane that has made a sample's rows adds them up: on cores without a common cache all others are far.
  if (deep()) {
    algorithm = m < kPackRows ? GemmAlgorithm::split_k : GemmAlgorithm::strips;
    parts = 2;
    add = kernel_function<MapFunction>("map.add", dtype);
  }
  pack_b = columns_along_k || algorithm == GemmAlgorithm::strips || (tall() && n >= 4 * panel_width());
  pack_a = algorithm == GemmAlgorithm::strips && n >= 8 * panel_width() && m * k * item > kNearBytes / 2;
  fetch_b = !pack_b && column_stride * item > 2 * kNearStride && k * n * item > kNearBytes;
}

// Few rows times a large matrix. Where the matrix holds weights, the lane that updates rows of it later, by a
// tall product, reads them here; where it holds a batch (the other factor of a narrow weight's gradient), the
// lane that has read its samples reads them again. On cores without a common cache a line that changes cores
// costs ten times its arithmetic.
void GemmPlan::choose_split() {
  const bool few_rows = !columns_along_k && !swapped_far && batch == 1 && m >= 8 && m <= kSplitRows;
  if (algorithm != GemmAlgorithm::tasks || !few_rows || (pack_b && !in_order)) return;
  if (depth() * n < kSplitElements || depth() < kSplitDepth * m) return;
  algorithm = GemmAlgorithm::split_k;
  add = kernel_function<MapFunction>("map.add", dtype);
  parts = 2;
  pack_b = false;
}

void GemmPlan::cut() {
  choose_split();
  k_block = ceil_div(k, k_blocks);
  k_blocks = ceil_div(k, k_block);
  if (parts > 1) k_block = std::min(k_block, ceil_div(runs, parts) * (k / runs));
  if (algorithm == GemmAlgorithm::strips)
    cut_strips();
  else
    cut_tasks();
  serial = m * n * k * batch <= kSerialWork;
}

void GemmPlan::cut_strips() {
  const int64_t item = int64_t(item_size(dtype));
  const int64_t panel_bytes = k_block * panel_width() * item;
  strips = ceil_div(panels(), std::max<int64_t>(1, kStripBytes / panel_bytes));
  strip_panels = ceil_div(panels(), strips);
  const int64_t tile_rows = kernels->rows(panel_vectors);
  // Rows that fit in L2; then halves of the longer side until there are tasks enough.
  row_blocks = std::min(ceil_div(m * k_block * item, kL2Bytes), ceil_div(m, tile_rows));
  column_blocks = 1;
  while (row_blocks * column_blocks < kTasks) {
    const int64_t rows = m / row_blocks, columns = std::min(n, strip_panels * panel_width()) / column_blocks;
    if (rows * columns * k_block / 2 < kTaskWork) break;
    if (rows >= columns && rows >= 4 * tile_rows)
      row_blocks *= 2;
    else if (columns >= 2 * panel_width())
      column_blocks *= 2;
    else if (rows >= 4 * tile_rows)
      row_blocks *= 2;
    else
      break;
  }
  column_blocks = std::min(column_blocks, strip_panels);
  strip_rows = parts == 1 && m >= n && m >= 16 * tile_rows;
  if (strip_rows) row_blocks = ceil_div(row_blocks, 4) * 4;
}

void GemmPlan::cut_tasks() {
  const int64_t item = int64_t(item_size(dtype));
  const int64_t tile_rows = kernels->rows(panel_vectors);
  row_blocks = std::min(ceil_div(m * k_block * item, kL2Bytes), ceil_div(m, tile_rows));
  column_blocks = 1;
  // One sequence's product: a whole lane would wait for it, and halves of its rows, unlike its columns, are
  // runs of memory to what follows.
  const int64_t work = m * n * k * batch;
  if (in_order && row_blocks == 1 && m >= 16 && work >= kTaskWork && work < 4 * kTaskWork) row_blocks = 2;
  dynamic = work >= kDynamicWork && m >= 4 * tile_rows && !fetch_b;
  while (row_blocks * column_blocks * batch < (dynamic ? kDynamicTasks : kTasks)) {
    const int64_t rows = m / row_blocks, columns = n / column_blocks, half = rows * columns * k / 2;
    const bool one = row_blocks * column_blocks * batch == 1;
    if (half < (one ? kTaskWork / 4 : kTaskWork)) break;
    // Tall products are cut by rows alone, so that what follows them works on contiguous memory; those of
    // many samples so that a lane meets its samples again in what comes before and after. Whoever cuts the
    // columns reads all of A in each task, whoever cuts the rows all of B. Short blocks of rows make low
    // tiles.
    if (columns >= rows / 2 && columns >= 2 * panel_width() && !tall() && !many_samples())
      column_blocks *= 2;
    else if (rows >= 4 * tile_rows || (rows >= 2 * tile_rows && half >= 4 * kTaskWork))
      row_blocks *= 2;
    else
      break;
  }
  column_blocks = std::min(column_blocks, panels());
}

void GemmPlan::size_scratch() {
  const size_t item = item_size(dtype);
  const int64_t lanes = kernels->lanes;
  const int64_t task_rows = ceil_div(m, row_blocks);
  if (pack_a) {
    const int64_t depth = algorithm == GemmAlgorithm::dot ? k : k_block;
    lane_a_bytes = round_up(size_t(task_rows * depth + lanes) * item, kAlignment);
  }
  if (algorithm == GemmAlgorithm::dot && pack_b)
    lane_b_bytes = round_up(size_t(n * round_up(k, lanes)) * item, kAlignment);
  if (algorithm == GemmAlgorithm::strips) {
    strip_bytes = lane_region(size_t(k_block * strip_panels * panel_width()) * item);
    if (parts > 1) shared_bytes = size_t(parts) * part_bytes();
  } else if (algorithm == GemmAlgorithm::split_k) {
    shared_bytes = size_t(parts) * part_bytes();
    lane_tail_bytes = round_up(size_t(kernels->tail_elements(k_block)) * item, kAlignment);
  } else if (algorithm == GemmAlgorithm::tasks) {
    const int64_t task_columns = ceil_div(panels(), column_blocks) * panel_width();
    if (pack_b)
      lane_b_bytes = round_up(size_t(k * task_columns) * item, kAlignment);
    else
      lane_tail_bytes = round_up(size_t(kernels->tail_elements(k_block)) * item, kAlignment);
  }
}

void GemmPlan::describe() {
  static const char* const kWords[] = {"zero", "", "dot", "split k", "strips"};
  const int rows = kernels->rows(panel_vectors);
  std::snprintf(name, sizeof(name), "%s %dx%d%s%s%s%s", kernels->prefix, int(std::min<int64_t>(rows, m)),
                panel_vectors * kernels->lanes, algorithm == GemmAlgorithm::tasks ? "" : " ",
                kWords[int(algorithm)], algorithm == GemmAlgorithm::tasks && pack_b ? " packed" : "",
                swapped ? " swapped" : "");
}

}  // namespace axone
