// What the Winograd algorithms share.
#pragma once

#include <algorithm>

#include "base/buffer.h"
#include "kernels/gemm.h"
#include "kernels/winograd.h"
#include "ops/conv/algorithms.h"

namespace axone {

// Bytes of transformed weights from which they are transformed panel by panel for few tiles: together they
// would pass through memory.
constexpr int64_t kManyWinogradWeights = 2 << 20;

// Outputs of a tile along each axis.
inline int64_t winograd_tile(const ConvGeometry& g) {
  return kWinogradPatch + 1 - g.kernel[1];
}

// The kernel of that name for the convolution's kernel size.
template <class Function>
Function winograd_kernel(const ConvGeometry& g, const char* name) {
  return kernel_function<Function>(
      (std::string(g.kernel[1] == 3 ? "winograd3." : "winograd5.") + name).c_str(), DType::f32);
}

// The tiles over pixels of (batch, height, width, channels); `h` and `w` pixels of the result are tiled.
inline WinogradImage winograd_image(const ConvGeometry& g, int64_t height, int64_t width, int64_t channels,
                                    int64_t h, int64_t w, int64_t low_h, int64_t low_w) {
  const int64_t tile = winograd_tile(g);
  return {height,
          width,
          width * channels,
          height * width * channels,
          channels,
          ceil_div(h, tile),
          ceil_div(w, tile),
          tile,
          low_h,
          low_w};
}

// Planes of `tiles` tiles: a plane is never a multiple of a page long, or the 36 places of a tile would share
// few sets of the first-level cache.
inline WinogradPlanes winograd_planes(int64_t tiles, int64_t channels, int64_t lanes) {
  const int64_t stride = ceil_div(channels, lanes) * lanes;
  return {tiles * stride + ((tiles * stride) % 64 == 0 ? 3 : 1) * lanes, stride};
}

// Depth that is one of the batch: 3-D convolutions whose kernel has one plane.
inline int64_t winograd_batch(const ConvGeometry& g) {
  return g.batch * g.in[0];
}

}  // namespace axone
