// Contract of the convolution kernels (family "conv.", f32 and f64). Tensors are channels last; three spatial
// axes (depth, height, width), of which the first ones may have one position. Strides count elements.
#pragma once

#include <stdint.h>

namespace axone {

// The matrix whose products with the weights are a convolution: one row for each output position, one column
// for each (tap, channel), (td, th, tw, c) with c fastest. It is never stored whole.
struct ConvGather {
  int64_t size[3];      // of the input
  int64_t stride[3];    // from one input position to the next along each axis; stride[2] is one pixel
  int64_t sample;       // from one sample to the next
  int64_t out[3];       // output positions
  int64_t step[3];      // input positions from one output position to the next
  int64_t taps[3];      // of the kernel
  int64_t dilation[3];  // input positions from one tap to the next
  int64_t low[3];       // input positions before the first one at which output 0 reads its tap 0; may be < 0
  int64_t channels;     // read at each tap, contiguous

  int64_t columns() const { return taps[0] * taps[1] * taps[2] * channels; }
  int64_t positions() const { return out[0] * out[1] * out[2]; }
};

// "conv.gather": writes rows [row, row_end) x columns [column, column_end) of the matrix of x, out_stride
// elements (at least the columns' number) from row to row. Positions outside of x are 0.
using ConvGatherRows = void (*)(const ConvGather& g, const void* x, int64_t row, int64_t row_end,
                                int64_t column, int64_t column_end, void* out, int64_t out_stride);

}  // namespace axone
