// What the ways to multiply transformed tiles by transformed weights share: forward convolution, and the
// gradient of the input, which is the same on the output's gradient with rotated kernels.
#pragma once

#include "ops/conv/winograd.h"

namespace axone {

struct WinogradShape {
  ConvGeometry geometry;  // of the forward convolution
  WinogradImage in, out;  // the pixels read and written; equal tiles
  int64_t batch;
  int64_t depth, columns;  // channels read and written
  bool transposed;         // the columns are w's channels, the taps in reverse order

  int64_t tiles() const { return batch * in.tiles_h * in.tiles_w; }
};

class WinogradProduct : public Instruction {
 public:
  WinogradProduct(const WinogradShape& shape, std::unique_ptr<Epilogue> epilogue);

  void run(const Lane& lane, const Operands& io) const override;
  size_t scratch_bytes(int threads) const override {
    return own_scratch(threads) + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  double flops() const override { return s_.geometry.flops() / 3; }
  const char* name() const override { return s_.transposed ? "conv_input_grad winograd" : "conv winograd"; }

 protected:
  // Rows of weights that are transformed at a time.
  static constexpr int64_t kWeightRows = 64;

  virtual size_t own_scratch(int threads) const = 0;
  virtual void compute(const Lane& lane, const Operands& io, float* y, GemmEpilogue* epilogue) const = 0;

  static size_t plane_bytes(const WinogradPlanes& p) {
    return round_up(size_t(kWinogradPlaces * p.plane * 4), kPage);
  }
  int64_t panels() const { return ceil_div(s_.columns, width_); }
  int64_t panel_columns(int64_t column) const { return std::min(width_, s_.columns - column); }
  // Rounded up to whole vectors.
  int64_t panel_width(int64_t column) const {
    return ceil_div(panel_columns(column), kernels_.lanes) * kernels_.lanes;
  }

  // At most kWeightRows rows from k on of the panel at `column`, transformed: its places lie `plane` elements
  // apart. Weights whose rows are the panel's columns are turned on the way, through turned_bytes.
  void transform(const Operands& io, int64_t column, int64_t k, int64_t rows, float* to, int64_t plane,
                 char* turned) const;
  size_t turned_bytes() const { return s_.transposed ? plane_bytes(turned_planes()) : 0; }

  // What the products of tiles by panels have in common.
  GemmBlock product(int64_t a_stride, int64_t c_stride) const;

  // The pixels of those tiles' products, `columns` of them from `column` on.
  void write(const float* m, const WinogradPlanes& planes, int64_t tile, int64_t tile_end, int64_t column,
             int64_t columns, const GemmEpilogue* epilogue, float* y) const;
  // The chain's part of those tiles, where it is not left to `write`: all columns or `count` from `column`
  // on.
  void refine(int64_t part, int64_t tile, int64_t tile_end, int64_t column, int64_t count,
              GemmEpilogue* epilogue) const;

  WinogradShape s_;
  std::unique_ptr<Epilogue> epilogue_;
  const GemmKernels& kernels_ = kernel_descriptor<GemmKernels>("gemm.kernels", DType::f32);
  WinogradInput input_ = winograd_kernel<WinogradInput>(s_.geometry, "input");
  int64_t tiles_;
  int panel_vectors_;
  int64_t width_;  // of a panel

 private:
  WinogradPlanes turned_planes() const { return winograd_planes(width_, kWeightRows, kernels_.lanes); }

  WinogradOutput output_ = winograd_kernel<WinogradOutput>(s_.geometry, "output");
  WinogradWeightsFunction weights_ = winograd_kernel<WinogradWeightsFunction>(s_.geometry, "weights");
};

// Few tiles, many weights: each panel of weights is transformed for its own product.
bool winograd_by_panels(const WinogradShape& shape);
std::unique_ptr<Instruction> winograd_panels(const WinogradShape& shape, std::unique_ptr<Epilogue> epilogue);

}  // namespace axone
