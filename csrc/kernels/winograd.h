// Contract of the Winograd kernels (f32): F(4, 3) and F(2, 5) in two dimensions (Winograd, 1980; Lavin and
// Gray, 2016) on the points 0, 1, -1, 1/2, -2 and infinity, whose rounding errors are half those of 0, 1, -1,
// 2, -2.
//
// A tile of m x m outputs is y = A^T [(G w G^T) * (B^T d B)] A of a kernel w of side 7 - m and a 6 x 6 patch
// d of the input; * is elementwise over 36 places. Summed over the channels, place by place, it is 36 matrix
// products. Families "winograd3." (m = 4) and "winograd5." (m = 2) differ in A and G. Vectors run along the
// channels. Strides count elements.
#pragma once

#include <stdint.h>

#include "kernels/finish.h"

namespace axone {

constexpr int64_t kWinogradPlaces = 36, kWinogradPatch = 6;

// A batch of images, channels last, and its tiles in raster order, sample after sample.
struct WinogradImage {
  int64_t height, width;     // pixels
  int64_t row, sample;       // from one row of pixels to the next, from one sample to the next
  int64_t pixel;             // from one pixel to the next
  int64_t tiles_h, tiles_w;  // tiles of one sample
  int64_t tile;              // outputs of a tile along each axis: m
  int64_t low_h, low_w;      // where tile (0, 0) begins: at pixel (-low_h, -low_w)
};

// Planes of transformed tiles: place p of tile t, channel c lies at p * plane + t * stride + c, where t
// counts from the first tile of a call.
struct WinogradPlanes {
  int64_t plane, stride;
  bool far = false;  // beyond a lane's caches: lines are asked for before they are written, as 36 streams are
                     // more than the hardware follows
};

// "winograd<k>.input": planes of B^T d B for tiles [tile, tile_end). Pixels outside of the image are 0.
using WinogradInput = void (*)(const WinogradImage& image, const float* x, int64_t tile, int64_t tile_end,
                               int64_t channels, const WinogradPlanes& planes, float* out);

// "winograd<k>.output": pixels A^T m A of the planes m, finished if `finish` is not null; those outside of
// the image are left out.
using WinogradOutput = void (*)(const WinogradImage& image, const float* m, const WinogradPlanes& planes,
                                int64_t tile, int64_t tile_end, int64_t channels, const ChannelFinish* finish,
                                float* y);

// "winograd<k>.output_grad": planes of A dy A^T: the adjoint of "winograd<k>.output".
using WinogradOutputGrad = WinogradInput;

// `rows` x `columns` kernels of a layer, tap t of element (i, j) at t * tap + i * row + j.
struct WinogradWeights {
  int64_t rows, columns, tap, row;
  bool rotated;  // taps in reverse order, as the gradient of the input needs them
};

// "winograd<k>.weights": planes of G w G^T; row i of the kernels is tile i. Rows of planes are written up to
// whole vectors, with zeros.
using WinogradWeightsFunction = void (*)(const WinogradWeights& shape, const float* w,
                                         const WinogradPlanes& planes, float* out);

// "winograd<k>.weights_grad": dw = G^T u G of the planes u, or dw += that.
using WinogradWeightsGrad = void (*)(const WinogradWeights& shape, const float* u,
                                     const WinogradPlanes& planes, bool add, float* dw);

}  // namespace axone
