// Winograd's product for few tiles and many weights, which in transformed form, 36 / 9 of their size, would
// pass through memory for little work: each panel of weights is transformed into the second-level cache for
// its product with all tiles.
#include "ops/conv/winograd_product.h"

namespace axone {

namespace {

// Tiles up to which that pays.
constexpr int64_t kFewTiles = 384;
// Bytes of the input's planes in one turn: each panel reads them all, so they stay in the last-level cache.
constexpr int64_t kPlaneBytes = 5 << 20;
// Channels summed up at a time; their planes lie together.
constexpr int64_t kPass = 128;
// Tiles of a part of the statistics.
constexpr int64_t kPartTiles = 48;
// Teams up to this size share no planes: cores without a common cache would wait longer for what the others
// wrote than it takes to make it. From so many tiles on each lane has turns of its own, for which it
// transforms all weights; fewer are transformed by each lane, which has panels of its own.
constexpr int kOwnPlanes = 2;
constexpr int64_t kOwnTiles = 96;

class WinogradPanels final : public WinogradProduct {
 public:
  WinogradPanels(const WinogradShape& shape, std::unique_ptr<Epilogue> epilogue)
      : WinogradProduct(shape, std::move(epilogue)),
        own_tiles_(tiles_ >= kOwnTiles),
        turns_(turns()),
        turn_tiles_(ceil_div(tiles_, turns_)),
        parts_(ceil_div(turn_tiles_, kPartTiles)),
        in_planes_(winograd_planes(turn_tiles_, std::min(kPass, s_.depth), kernels_.lanes)),
        out_planes_(winograd_planes(turn_tiles_, width_, kernels_.lanes)),
        in_bytes_(lane_region(size_t(ceil_div(s_.depth, kPass)) * plane_bytes(in_planes_))) {
    in_planes_.far = true;
    if (epilogue_) epilogue_->follow(turns_ * parts_), epilogue_->leave_finish(s_.columns);
  }

 private:
  int64_t turns() const {
    const int64_t least = ceil_div(tiles_ * s_.depth * kWinogradPlaces * 4, kPlaneBytes);
    return own_tiles_ ? ceil_div(least, 2) * 2 : least;
  }

  // Of a panel's transformed weights.
  int64_t panel_plane() const { return kPass * width_ + kernels_.lanes; }
  size_t panel_bytes() const { return round_up(size_t(kWinogradPlaces * panel_plane() * 4), kPage); }
  size_t lane_bytes() const { return lane_region(plane_bytes(out_planes_) + panel_bytes() + turned_bytes()); }
  static size_t input_copies(int lanes) { return lanes <= kOwnPlanes ? size_t(lanes) : 1; }
  size_t own_scratch(int threads) const override {
    return size_t(std::min(threads, kOwnPlanes)) * in_bytes_ + size_t(threads) * lane_bytes();
  }

  void compute(const Lane& lane, const Operands& io, float* y, GemmEpilogue* epilogue) const override {
    char* const scratch = static_cast<char*>(io.scratch);
    const size_t copies = input_copies(lane.count);
    const bool shared = copies < size_t(lane.count);
    char* const planes = scratch + (shared ? 0 : size_t(lane.index) * in_bytes_);
    char* const own = scratch + copies * in_bytes_ + size_t(lane.index) * lane_bytes();
    int64_t turn = 0, turn_end = turns_, panel = 0, panel_end = panels();
    if (own_tiles_ && !shared)
      lane.share(turns_, &turn, &turn_end);
    else
      lane.share(panels(), &panel, &panel_end);
    const int64_t column = panel * width_, column_end = std::min(s_.columns, panel_end * width_);
    for (; turn < turn_end; ++turn) {
      const int64_t tile = tiles_ * turn / turns_, tiles = tiles_ * (turn + 1) / turns_ - tile;
      int64_t i = 0, end = tiles;
      if (shared) lane.share(tiles, &i, &end);
      if (shared || column < column_end) read(io, tile, i, end, planes);
      if (shared) lane.barrier();
      for (int64_t c = column; c < column_end; c += width_)
        multiply(io, planes, tile, tiles, c, own, epilogue, y);
      for (int64_t part = 0; column < column_end && part < parts_; ++part)
        refine(turn * parts_ + part, tile + tiles * part / parts_, tile + tiles * (part + 1) / parts_, column,
               column_end - column, epilogue);
      if (shared && turn + 1 < turns_) lane.barrier();
    }
  }

  // Transforms tiles [i, end) from `tile` on, pass by pass.
  void read(const Operands& io, int64_t tile, int64_t i, int64_t end, char* planes) const {
    for (int64_t k = 0; k < s_.depth; k += kPass, planes += plane_bytes(in_planes_))
      input_(s_.in, io.input<float>(0) + k, tile + i, tile + end, std::min(kPass, s_.depth - k), in_planes_,
             reinterpret_cast<float*>(planes) + i * in_planes_.stride);
  }

  // `tiles` tiles from `tile` on by the panel at `column`.
  void multiply(const Operands& io, const char* planes, int64_t tile, int64_t tiles, int64_t column,
                char* own, const GemmEpilogue* epilogue, float* y) const {
    float* const m = reinterpret_cast<float*>(own);
    float* const w = reinterpret_cast<float*>(own + plane_bytes(out_planes_));
    char* const turned = own + plane_bytes(out_planes_) + panel_bytes();
    GemmBlock g = product(in_planes_.stride, out_planes_.stride);
    g.m = tiles, g.n = panel_columns(column);
    for (int64_t k = 0; k < s_.depth; k += kPass, planes += plane_bytes(in_planes_)) {
      g.k = std::min(kPass, s_.depth - k);
      for (int64_t row = 0; row < g.k; row += kWeightRows)
        transform(io, column, k + row, std::min(kWeightRows, g.k - row), w + row * panel_width(column),
                  panel_plane(), turned);
      g.accumulate = k > 0;
      for (int64_t p = 0; p < kWinogradPlaces; ++p) {
        g.a = reinterpret_cast<const float*>(planes) + p * in_planes_.plane;
        g.b = w + p * panel_plane(), g.c = m + p * out_planes_.plane;
        kernels_.block(g);
      }
    }
    write(m, out_planes_, tile, tile + tiles, column, g.n, epilogue, y);
  }

  bool own_tiles_;
  int64_t turns_, turn_tiles_;
  int64_t parts_;  // of a turn's statistics
  WinogradPlanes in_planes_, out_planes_;
  size_t in_bytes_;
};

}  // namespace

bool winograd_by_panels(const WinogradShape& s) {
  return s.tiles() <= kFewTiles && kWinogradPlaces * s.depth * s.columns * 4 > kManyWinogradWeights;
}

std::unique_ptr<Instruction> winograd_panels(const WinogradShape& shape, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<WinogradPanels>(shape, std::move(epilogue));
}

}  // namespace axone
