// Contract of the gemm family: C = A B on one block, and the packing that brings operands into kernel form.
//
// Entry "gemm.kernels" holds a GemmKernels for f32, f64, i32 and i64. Pointers are to elements of that type,
// aligned to the element only; strides count elements. No operand is read or written outside the elements
// that its layout names. C overlaps no other operand. Integers wrap around.
//
// A block of C is computed in tiles: r rows (r <= rows(v)) times panels of v vectors of columns. The last
// vector of the last panel may be partial. Rows are spread evenly: ceil(m / rows(v)) tiles whose heights
// differ by at most one, taller ones first.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/finish.h"
#include "kernels/map.h"

namespace axone {

// Bytes after which sets of L1 repeat: rows a multiple of them apart share one, which does not hold those of
// a tile.
constexpr int64_t kSetBytes = 4096;

enum class GemmALayout : uint8_t {
  rows,     // element (i, p) at a[i * a_stride + p]
  columns,  // element (i, p) at a[i + p * a_stride]
  slivers,  // by pack_a: the tile of r rows that starts at row i0 has (i, p) at a[i0 * k + p * r + i - i0]
};

enum class GemmBLayout : uint8_t {
  rows,    // element (p, j) at b[p * b_stride + j]
  panels,  // by pack_b: the panel of w columns that starts at column j0 has (p, j0 + j) at
           // b[j0 * k + p * w + j]; w = v * lanes, but for the last panel the columns left, rounded up to
           // whole vectors (zero-filled)
};

// B as pack_b takes it, and where its panels go.
struct GemmUnpacked {
  const void* b;
  int64_t stride;
  bool transposed;
  void* panels;
};

// Rows of memory, as wide as a panel, that are wanted soon.
struct GemmFetch {
  const void* p;
  int64_t stride, rows;
};

struct GemmBlock {
  int64_t m, n, k;  // k >= 1
  const void* a;
  int64_t a_stride;
  const void* b;
  int64_t b_stride;
  // Where rows begin that lie apart, in place of an operand and its stride. For block: those of B, floats
  // that are read from element b_first on, with A by columns and panels of one or two vectors. For dot: those
  // along k of either; they may come from far away, so that while some are multiplied the next are fetched,
  // also of `rows_behind` that follow the block's.
  const void* const* a_rows = nullptr;
  const void* const* b_rows = nullptr;
  int64_t b_first = 0;
  int64_t rows_behind = 0;
  void* c;
  int64_t c_stride;
  void* tail;  // kernels->tail_elements(k) elements, used where masked loads are missing
  GemmALayout a_layout;
  GemmBLayout b_layout;
  bool accumulate;        // C += A B instead of C = A B
  bool in_order = false;  // each element is one sum along k, which begins with C where that counts: not with
                          // C that is transposed
  bool c_last = false;    // in order, but C is added to the finished sum
  bool transposed;        // element (i, j) goes to c[j * c_stride + i] instead of c[i * c_stride + j]
  // Of B that comes from far away, in either layout: the panel that is read behind B's last. Each panel is
  // fetched during the one before.
  const void* panels_behind = nullptr;
  // What else is fetched, as far as k goes: each panel takes its share.
  const GemmFetch* fetches = nullptr;
  int64_t fetch_count = 0;
  // B if it is still to be packed: `b`, whose layout is panels, is `panels` then. Each of them is packed
  // during the one before.
  const GemmUnpacked* unpacked = nullptr;
  int8_t panel_vectors;                   // v: 1 ... max_vectors
  const ChannelFinish* finish = nullptr;  // of C's columns, when all is added up; floats, not transposed
  // An update rule (map.h) in place, of elements of another product: what of it the tiles may do beside.
  const void* const* update = nullptr;
  int64_t update_elements = 0;
  GradientForm update_form = GradientForm::none;
};

struct GemmKernels {
  const char* prefix;    // "sgemm", "dgemm", "igemm", "lgemm"
  int32_t lanes;         // elements of one vector
  int32_t max_rows;      // rows of the tallest tile
  int32_t max_vectors;   // vectors of the widest panel
  int32_t accumulators;  // registers that a tile may take: rows(v) = min(max_rows, accumulators / v)
  int32_t peak_flops;    // floating-point operations of one round of `peak`

  // C (+)= A B. Returns how many of the first elements of the update it has done: few or none where tiles are
  // low, k is short or registers are scarce.
  int64_t (*block)(const GemmBlock& block);

  // C = A B with both operands along k: A as `rows`, element (p, j) of B at b[j * b_stride + p]. Sums of
  // products of vectors, added across lanes at the end: for few outputs or long k. Ignores panel_vectors,
  // tail, transposed, accumulate.
  void (*dot)(const GemmBlock& block);

  // Writes `slivers` for tiles of at most `rows` rows. `out` holds m * k elements and one vector more.
  void (*pack_a)(int64_t m, int64_t k, const void* a, int64_t a_stride, GemmALayout layout, int rows,
                 void* out);

  // Writes `panels`: round_up(n, lanes) * k elements. `transposed`: element (p, j) at b[j * b_stride + p].
  void (*pack_b)(int64_t k, int64_t n, const void* b, int64_t b_stride, bool transposed, int panel_vectors,
                 void* out);

  // Runs rounds of independent multiply-adds in registers: what the core can do at most. Returns a number
  // that keeps the compiler from dropping them.
  double (*peak)(int64_t rounds);

  int rows(int vectors) const {
    const int r = accumulators / vectors;
    return r < max_rows ? r : max_rows;
  }
  int64_t tail_elements(int64_t k) const { return k * max_vectors * lanes; }
};

}  // namespace axone
