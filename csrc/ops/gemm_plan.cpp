#include "ops/gemm_plan.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/buffer.h"
#include "base/error.h"
#include "cpu/dispatch.h"

namespace axone {

namespace {

// Multiply-adds that one core does in about a microsecond: less than this is not worth a second lane.
constexpr int64_t kSerialWork = 64 * 1024;
// Tasks per product that the cut aims at, and multiply-adds below which a task is not cut again.
constexpr int64_t kTasks = 16;
constexpr int64_t kTaskWork = 256 * 1024;
// Bytes of packed A (rows x k of one task) that stay in a core's L2 next to what else passes through it.
constexpr int64_t kL2Bytes = 384 * 1024;
// Bytes of one packed panel of B: what stays in L1 while the rows of A pass by.
constexpr int64_t kPanelBytes = 32 * 1024;
// Bytes of B that the team packs at a time.
constexpr int64_t kStripBytes = 4 * 1024 * 1024;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

bool multiply_overflows(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) || product > INT64_MAX / 16;
}

}  // namespace

GemmPlan::GemmPlan(const GemmShape& s) : dtype(s.dtype) {
  require(s.m >= 0 && s.n >= 0 && s.k >= 0 && s.batch >= 0, "matmul: negative size in m ", s.m, ", n ", s.n, ", k ", s.k,
          ", batch ", s.batch);
  require(!multiply_overflows(s.m, s.n) && !multiply_overflows(s.m * s.n, s.batch) && !multiply_overflows(s.m, s.k) &&
              !multiply_overflows(s.k, s.n),
          "matmul: a product of ", s.batch, " x (", s.m, ", ", s.k, ") x (", s.k, ", ", s.n, ") does not fit in memory");
  kernels = &kernel_descriptor<GemmKernels>("gemm.kernels", dtype);
  orient(s);
  if (algorithm != GemmAlgorithm::empty) {
    choose_tile();
    cut();
    size_scratch();
  }
  describe();
}

int64_t GemmPlan::column_begin(int64_t panel) const { return std::min(n, panel * panel_width()); }

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
  if (columns_along_k && (n <= 3 ? rows_along_k : m <= 3 || !is_float(dtype))) {
    algorithm = GemmAlgorithm::dot;
    swapped = n == 1 && m > 1;
  } else {
    // A vector on the right is one on the left of the transpose. For the rest: B that is stored along k has to be
    // transposed (k n elements) unless the product is computed the other way round, which transposes the result
    // (m n) and, where A too is stored along k, A (m k).
    const int64_t cost = m * n + (rows_along_k ? m * k : 0);
    swapped = n == 1 || (columns_along_k && is_float(dtype) && cost < n * k && m < 128);
    algorithm = GemmAlgorithm::tasks;
  }
  if (swapped) {
    std::swap(m, n);
    std::swap(row_stride, column_stride);
    std::swap(row_batch, column_batch);
    std::swap(rows_along_k, columns_along_k);
    transposed_c = m > 1;
    if (!transposed_c) c_stride = n;
  }
  row_layout = rows_along_k ? GemmALayout::rows : GemmALayout::columns;
}

void GemmPlan::choose_tile() {
  const int64_t lanes = kernels->lanes, item = int64_t(item_size(dtype));
  if (algorithm == GemmAlgorithm::dot) {
    panel_vectors = 1;
    k_block = k;
    pack_a = row_layout != GemmALayout::rows;
    return;
  }
  // Few rows leave registers for wider panels; panels are of even width.
  const int64_t vectors = ceil_div(n, lanes);
  const int64_t widest = std::min<int64_t>(kernels->max_vectors, std::max<int64_t>(2, kernels->accumulators / m));
  panel_vectors = int(ceil_div(vectors, ceil_div(vectors, widest)));
  // A panel that only one tile of rows reads need not stay in L1.
  k_block = m <= kernels->rows(panel_vectors) ? k : std::max<int64_t>(64, kPanelBytes / (panel_width() * item));

  auto env = [](const char* name, int64_t d) { const char* v = getenv(name); return v ? atoll(v) : d; };  // TEMP
  panel_vectors = int(env("GPV", panel_vectors));
  k_block = env("GKB", k_block);
  const bool large = getenv("GSH") ? env("GSH", 0) : m * n * k >= int64_t(128) * 128 * 128 && m >= 96 && n >= 2 * panel_width();
  if (large && batch == 1) algorithm = GemmAlgorithm::shared_b;
  pack_b = columns_along_k || algorithm == GemmAlgorithm::shared_b;
  pack_a = env("GPA", algorithm == GemmAlgorithm::shared_b);
  pack_b = pack_b || env("GPB", 0);
}

void GemmPlan::cut() {
  k_blocks = ceil_div(k, k_block);
  k_block = ceil_div(k, k_blocks);
  if (algorithm == GemmAlgorithm::shared_b)
    cut_shared();
  else
    cut_tasks();
  if (getenv("GRB")) row_blocks = atoll(getenv("GRB"));
  if (getenv("GCB")) column_blocks = atoll(getenv("GCB"));
  serial = m * n * k * batch <= kSerialWork;
}

void GemmPlan::cut_shared() {
  const int64_t item = int64_t(item_size(dtype));
  const int64_t panel_bytes = k_block * panel_width() * item;
  strips = ceil_div(panels(), std::max<int64_t>(1, kStripBytes / panel_bytes));
  strip_panels = ceil_div(panels(), strips);
  const int64_t tile_rows = kernels->rows(panel_vectors);
  // Rows that fit in L2; then halves of the longer side until there are tasks enough.
  row_blocks = ceil_div(m * k_block * item, kL2Bytes);
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
}

void GemmPlan::cut_tasks() {
  const int64_t item = int64_t(item_size(dtype));
  const int64_t tile_rows = kernels->rows(panel_vectors);
  row_blocks = pack_b ? 1 : ceil_div(m * k_block * item, kL2Bytes);
  column_blocks = 1;
  while (row_blocks * column_blocks * batch < kTasks) {
    const int64_t rows = m / row_blocks, columns = n / column_blocks;
    if (rows * columns * k / 2 < kTaskWork / 4) break;
    // Whoever cuts the columns reads all of A in each task, whoever cuts the rows all of B.
    if (columns >= rows / 2 && columns >= 2 * panel_width())
      column_blocks *= 2;
    else if (rows >= 2 * tile_rows)
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
  if (algorithm == GemmAlgorithm::shared_b) {
    shared_bytes = 2 * round_up(size_t(k_block * strip_panels * panel_width()) * item, kAlignment);
  } else if (algorithm == GemmAlgorithm::tasks) {
    const int64_t task_columns = ceil_div(panels(), column_blocks) * panel_width();
    if (pack_b)
      lane_b_bytes = round_up(size_t(k * task_columns) * item, kAlignment);
    else
      lane_tail_bytes = round_up(size_t(kernels->tail_elements(k_block)) * item, kAlignment);
  }
}

void GemmPlan::describe() {
  static const char* const kWords[] = {"zero", "", "dot", "shared B"};
  const int rows = kernels->rows(panel_vectors);
  std::snprintf(name, sizeof(name), "%s %dx%d%s%s%s%s", kernels->prefix, int(std::min<int64_t>(rows, m)),
                panel_vectors * kernels->lanes, algorithm == GemmAlgorithm::tasks ? "" : " ", kWords[int(algorithm)],
                algorithm == GemmAlgorithm::tasks && pack_b ? " packed" : "", swapped ? " swapped" : "");
}

}  // namespace axone
