// The taps of depthwise convolutions, line by line.
#pragma once

#include <algorithm>

#include "base/buffer.h"
#include "kernels/depthwise.h"
#include "ops/conv/geometry.h"

namespace axone {

// Positions q >= 0 at which from + q * step lies in [0, size): [*begin, *end) within [0, count).
inline void meets(int64_t from, int64_t step, int64_t size, int64_t count, int64_t* begin, int64_t* end) {
  *begin = std::clamp<int64_t>(from >= 0 ? 0 : ceil_div(-from, step), 0, count);
  const int64_t last = size - 1 - from;
  *end = last < 0 ? 0 : std::min(count, last / step + 1);
  *end = std::max(*begin, *end);
}

// The taps of one line of the kernel, whose weights begin at w, over the line of the input that begins at x.
inline void line_taps(const ConvGeometry& g, const char* x, const char* w, DepthwiseTap* taps) {
  const int64_t pixel = g.channels * int64_t(item_size(g.dtype));
  for (int64_t kw = 0; kw < g.kernel[2]; ++kw) {
    const int64_t from = kw * g.dilation[2] - g.low[2];
    meets(from, g.stride[2], g.in[2], g.out[2], &taps[kw].begin, &taps[kw].end);
    taps[kw].x = x + from * pixel;
    taps[kw].w = w + kw * pixel;
  }
}

// Whether two lines of the result have the same taps, the second's `further` taps on: then the second's last
// ones are put behind the first's, as "depthwise.two_lines" has it.
inline bool join_taps(DepthwiseTap* first, const DepthwiseTap* second, int64_t count, int64_t further) {
  if (count <= further) return false;
  for (int64_t t = 0; t < count; ++t)
    if (first[t].w != second[t].w || (t + further < count && first[t + further].x != second[t].x))
      return false;
  std::copy(second + count - further, second + count, first + count);
  return true;
}

}  // namespace axone
