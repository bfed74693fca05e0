// Matrix multiplication, the engine's heart: C = A B for row-major matrices, either operand transposed.
#pragma once

#include <cstdint>
#include <memory>

#include "base/dtype.h"
#include "cpu/team.h"
#include "kernels/finish.h"
#include "kernels/map.h"

namespace axone {

// Applied to parts of C as soon as they are final, while they are in cache: `count` elements of C from flat
// element `begin` of the dense (batch, m, n) result, part of one row or several whole ones.
class GemmEpilogue {
 public:
  virtual ~GemmEpilogue() = default;
  // What follows belongs to that part of the work. Parts of equal number have different columns of C, and
  // each takes its rows in ascending order.
  virtual void begin_part(int64_t part) = 0;
  // The values lie in C.
  virtual void apply(int64_t begin, int64_t count) = 0;
  // The values lie in the piece that this lane was given, for products that hand over pieces; there is no C.
  virtual void apply(int64_t begin, int64_t count, const void* values) = 0;
  // The lane's own memory for kGemmPiece elements, or null: the product is written to C.
  virtual void* piece() const = 0;
  // The form of the update rule in place that it is, if it is no more (kernels/map.h): the product may carry
  // it along while it computes the next piece, and there is memory for two of them.
  virtual GradientForm update_form() const { return GradientForm::none; }
  // Then its operands from element `begin` on, whose gradients are the values.
  virtual void update_operands(int64_t, const void* /*values*/, const void** /*operands*/) {}
  // What is left to the head's kernels, which then finish C by themselves, or null.
  virtual const ChannelFinish* finish() const { return nullptr; }
};

// Elements of a piece: 32 KB of float32, which stay in the first-level cache.
constexpr int64_t kGemmPiece = 8192;

struct GemmShape {
  DType dtype = DType::f32;  // f32, f64, i32 or i64
  int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false;  // A is stored (k, m) instead of (m, k)
  bool transpose_b = false;  // B is stored (n, k) instead of (k, n)
  int64_t batch = 1;         // products of equal shape; C is (batch, m, n), dense
  int64_t a_stride = 0;      // elements from one A to the next; 0: one A for all
  int64_t b_stride = 0;      // elements from one B to the next; 0: one B for all
  // If not 0, A as it is stored holds the rows of that many samples, one sample after another, and each
  // element of C is one sum in the order of k, whatever m and n are, or, where k runs over these rows, the
  // sum of two such that meet between two samples: no bit changes with the number of rows that follow a
  // sample's own where these are 0.
  int64_t samples = 0;
};

// The plan for one shape on the active instruction set: algorithm, blocking, packing. The way work is cut and
// the order of every sum depend on the shape and the set alone, never on the number of threads.
class Gemm {
 public:
  explicit Gemm(const GemmShape& shape);
  ~Gemm();
  Gemm(Gemm&&) noexcept;

  // Bytes of 64-byte-aligned scratch that run needs, for teams of up to `threads` lanes.
  size_t scratch_bytes(int threads) const;

  // Whether the product is too small to be worth sharing: then lane 0 alone should call run, with a team of
  // one.
  bool serial() const;

  // Parts into which an epilogue's work falls, whatever the team's size (GemmEpilogue::begin_part); 0: none.
  int64_t parts() const;

  // Whether run can leave out C and hand over its values to the epilogue piece by piece.
  bool hands_over() const;

  // How many rows A has, as it is stored, if run can also read it from rows that lie apart; else 0.
  int64_t rows_apart() const;

  // Multiplies. Every lane of the team calls it with the same arguments, but an epilogue of its own; it
  // returns in a state in which C is complete only after the caller's next barrier. A, B, C dense as the
  // shape says; C overlaps neither. k == 0 gives zeros. epilogue may be null.
  // a_rows, if not null, are addresses of A's rows, as it is stored, in place of `a`; no bit depends on it.
  void run(const Lane& lane, const void* a, const void* b, void* c, void* scratch, GemmEpilogue* epilogue,
           const void* const* a_rows = nullptr) const;

  // "sgemm_12x32 packed", "sgemv", ...: what was chosen, for benchmarks and profiles.
  const char* algorithm() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace axone
