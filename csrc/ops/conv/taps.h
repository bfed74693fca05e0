// The taps of depthwise convolutions, line by line.
#pragma once

#include <algorithm>

#include "kernels/depthwise.h"
#include "ops/conv/geometry.h"

namespace axone {

// Positions q >= 0 at which from + q * step lies in [0, size): [*begin, *end) within [0, count).
inline void meets(int64_t from, int64_t step, int64_t size, int64_t count, int64_t* begin, int64_t* end) {
  *begin = std::clamp<int64_t>(from >= 0 ? 0 : (-from + step - 1) / step, 0, count);
  const int64_t last = size - 1 - from;
  *end = last < 0 ? 0 : std::min(count, last / step + 1);
  *end = std::max(*begin, *end);
}

// The taps that an output line reads. row(kd, kh): where the input's line under these taps begins, or null
// where it lies outside. `number` receives each tap's number in the weights.
template <class Row>
int64_t forward_taps(const ConvGeometry& g, const Row& row, const char* w, DepthwiseTap* taps,
                     int64_t* number) {
  const int64_t pixel = g.channels * int64_t(item_size(g.dtype));
  int64_t count = 0;
  for (int64_t kd = 0; kd < g.kernel[0]; ++kd)
    for (int64_t kh = 0; kh < g.kernel[1]; ++kh) {
      const char* const start = row(kd, kh);
      if (!start) continue;
      for (int64_t kw = 0; kw < g.kernel[2]; ++kw) {
        const int64_t from = kw * g.dilation[2] - g.low[2];
        DepthwiseTap& t = taps[count];
        meets(from, g.stride[2], g.in[2], g.out[2], &t.begin, &t.end);
        number[count] = (kd * g.kernel[1] + kh) * g.kernel[2] + kw;
        t.x = start + from * pixel;
        t.w = w + number[count] * pixel;
        ++count;
      }
    }
  return count;
}

}  // namespace axone
