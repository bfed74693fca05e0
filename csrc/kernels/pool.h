// Contract of the pooling kernels (family "pool.", f32 and f64). Tensors are channels last with three spatial
// axes; the window is that of a ConvGather (kernels/conv.h) with dilation 1, whose `channels` are those of a
// whole pixel. Positions outside of the input take no part. Every window holds at least one position.
#pragma once

#include "kernels/conv.h"

namespace axone {

// The number of a position in its window, (td, th, tw) with tw fastest: uint8_t where the window has at most
// kSmallWindow positions, else int32_t.
constexpr int64_t kSmallWindow = 255;

// "pool.max": the largest element of each window and channel, and where it is; the first one of equals. NaN
// wins. Rows as of gather: [row, row_end) of all output positions; y and index are those of row 0.
using PoolMax = void (*)(const ConvGather& g, const void* x, int64_t row, int64_t row_end, void* y,
                         void* index);

// "pool.pick": y = x at the places that `index` names.
using PoolPick = void (*)(const ConvGather& g, const void* x, const void* index, int64_t row, int64_t row_end,
                          void* y);

// "pool.average": the mean of each window and channel.
using PoolAverage = void (*)(const ConvGather& g, const void* x, int64_t row, int64_t row_end, void* y);

// A band of the input's gradient: rows [h, h_end) of depth d of sample n. The kernels write all of it.
struct PoolBand {
  int64_t n, d, h, h_end;
};

// "pool.max_grad": sends dy to the places that `index` names.
using PoolMaxGrad = void (*)(const ConvGather& g, const void* dy, const void* index, const PoolBand& band,
                             void* dx);

// "pool.average_grad": spreads dy evenly over each window's positions.
using PoolAverageGrad = void (*)(const ConvGather& g, const void* dy, const PoolBand& band, void* dx);

}  // namespace axone
