// A product of any number of rows with one matrix of weights that is packed beforehand, on one lane.
#pragma once

#include "base/dtype.h"
#include "cpu/team.h"
#include "kernels/gemm.h"

namespace axone {

class PackedProduct {
 public:
  PackedProduct() = default;
  // Weights (k, n), dense; `rows` is how many are multiplied at a time, as a rule.
  PackedProduct(DType dtype, int64_t k, int64_t n, int64_t rows);

  size_t bytes() const;  // of the packed weights
  // The lane's share of packing.
  void pack(const Lane& lane, const void* weights, void* packed) const;
  // c = a weights, for m rows of k elements that lie a_stride apart. c's rows lie n apart. In which order an
  // element's products are added may depend on m. finish may be null.
  void run(int64_t m, const void* a, int64_t a_stride, const void* packed, void* c,
           const ChannelFinish* finish) const;

  double flops(int64_t rows) const { return 2.0 * double(rows) * double(k_) * double(n_); }

 private:
  int64_t pass_begin(int64_t pass) const { return k_ * pass / passes_; }
  int64_t padded_columns() const;

  const GemmKernels* kernels_ = nullptr;
  int64_t item_ = 4, k_ = 1, n_ = 1, passes_ = 1;
  int panel_vectors_ = 1;
};

}  // namespace axone
