// Contract of the depthwise kernels (family "depthwise.", f32 and f64): each channel convolved by itself.
// Vectors run along the channels. Strides count elements.
#pragma once

#include <stdint.h>

#include "kernels/finish.h"

namespace axone {

// One tap of the kernel, seen from a line of output positions q = 0, 1, ...
struct DepthwiseTap {
  const void* x;       // what position 0 would read: channel 0. Read at q in [begin, end) only.
  const void* w;       // the tap's weights
  int64_t begin, end;  // positions at which the tap meets the input
};

struct DepthwiseLine {
  int64_t count;  // output positions
  int64_t channels;
  int64_t x_stride;                       // from what one position reads to what the next reads
  int64_t y_stride;                       // from one output position to the next
  const ChannelFinish* finish = nullptr;  // of y
};

// "depthwise.line": y at each position = the sum over the taps of x w, in their order. Positions without a
// tap become 0. At most 128 taps.
using DepthwiseLineFunction = void (*)(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count,
                                       void* y);

// "depthwise.two_lines": the same for this line and the next one, which begins y_line elements behind it. The
// next line's taps are those from number `further` on, with the first line's weights: `further` is the number
// of taps of the lines of the kernel by which it lies further, and tap_count + further taps are there. Their
// begin and end are equal, line of the kernel by line. The bits are those of two calls of "depthwise.line".
using DepthwiseTwoLinesFunction = void (*)(const DepthwiseLine& line, const DepthwiseTap* taps,
                                           int64_t tap_count, int64_t further, void* y, int64_t y_line);

// "depthwise.weights": adds to the elements at each tap's `w` the sum over the positions of x dy. dy lies as
// y above.
using DepthwiseWeightsFunction = void (*)(const DepthwiseLine& line, const DepthwiseTap* taps,
                                          int64_t tap_count, const void* dy);

}  // namespace axone
