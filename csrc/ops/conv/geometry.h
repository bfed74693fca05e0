// The sizes of a convolution: one form for one, two and three spatial axes and for all three of its products.
#pragma once

#include "kernels/conv.h"
#include "ops/execution.h"

namespace axone {

// Channels last: x (batch, *in, channels), w (*kernel, channels / groups, filters), y (batch, *out, filters).
// Axes that are not there have size 1.
struct ConvGeometry {
  DType dtype = DType::f32;
  int64_t batch = 1, channels = 1, filters = 1, groups = 1;
  bool exact = false;  // by the definition alone
  // If not 0, the images are the steps of that many sequences, one sequence after another: no bit changes
  // with the number of steps that follow a sequence's own where these have gradients of 0. Algorithms are
  // chosen as for one step, and each element is one sum in the order of the kernel's places; of the weights,
  // the sum of parts that hold whole sequences, each one sum in the order of the pixels.
  int64_t samples = 0;
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3], low[3];

  int64_t in_positions() const { return in[0] * in[1] * in[2]; }
  int64_t out_positions() const { return out[0] * out[1] * out[2]; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t group_channels() const { return channels / groups; }
  int64_t group_filters() const { return filters / groups; }
  // Each output pixel is a product of one input pixel and the same matrix.
  bool pointwise() const;
  // Each filter reads the one channel of its number.
  bool depthwise() const { return groups == channels && groups == filters; }
  double flops() const;
};

// The geometry of a `conv`, `conv_input_grad` or `conv_weight_grad`: from its attributes (strides, dilation,
// pad_lo, pad_hi, groups, exact, samples) and the shapes of x and w. Throws ValueError that names the
// operation where the sizes do not fit.
ConvGeometry conv_geometry(const char* op, const Attrs& attrs, DType dtype, const Shape& x, const Shape& w);

// The shape of y.
Shape conv_output_shape(const ConvGeometry& g, size_t rank);

// The geometry of a node from its operands, whichever of the three it is.
ConvGeometry forward_geometry(const OpCall& call);      // in: x, w
ConvGeometry input_grad_geometry(const OpCall& call);   // in: dy, w; attribute input_shape
ConvGeometry weight_grad_geometry(const OpCall& call);  // in: x, dy; attribute kernel

}  // namespace axone
