// Elementwise chains as instructions.
#include <algorithm>
#include <cstring>

#include "ops/lines.h"
#include "ops/tile_program.h"

namespace axone {

namespace {

// Several programs of one recipe, run as one list of tiles.
class MapInstruction final : public Instruction {
 public:
  explicit MapInstruction(std::vector<TileProgram> programs) : programs_(std::move(programs)) {
    int64_t work = 0;
    for (const TileProgram& p : programs_) {
      first_piece_.push_back(pieces_);
      pieces_ += (p.elements() + kPiece - 1) / kPiece;
      scratch_ = std::max(scratch_, lane_region(p.lane_scratch()));
      work += p.elements() * (int64_t(p.inputs().size() + p.outputs().size()) * 4 + p.steps() * 2);
    }
    serial_ = work < kSerialBytes || pieces_ == 1;
  }

  void run(const Lane& lane, const Operands& io) const override {
    int64_t begin, end;
    lane.share(pieces_, &begin, &end);
    char* const scratch = static_cast<char*>(io.scratch) + scratch_ * size_t(lane.index);
    size_t in = 0, out = 0;
    for (size_t p = 0; p < programs_.size(); ++p) {
      const TileProgram& program = programs_[p];
      const int64_t from = std::max<int64_t>(begin - first_piece_[p], 0) * kPiece;
      const int64_t to = std::min((end - first_piece_[p]) * kPiece, program.elements());
      if (from < to) TileProgram::Bound(program, io.in + in, io.out + out, scratch).run(from, to - from);
      in += program.inputs().size();
      out += program.outputs().size();
    }
  }
  bool serial() const override { return serial_; }
  size_t scratch_bytes(int threads) const override { return scratch_ * size_t(threads); }
  const char* name() const override { return "map"; }

 private:
  // The unit of sharing: a multiple of a cache line of any type, so that lanes never write to one line.
  static constexpr int64_t kPiece = 1024;

  std::vector<TileProgram> programs_;
  std::vector<int64_t> first_piece_;
  int64_t pieces_ = 0;
  size_t scratch_ = 0;
  bool serial_ = false;
};

// A program with sums of rows: parts of fixed numbers of rows have sums of their own, which are added in
// order.
class SummingMap final : public Instruction {
 public:
  explicit SummingMap(TileProgram program) : program_(std::move(program)) {
    // All sums' rows divide the elements; the longest decides.
    for (const TileProgram::Sum& s : program_.sums()) columns_ = std::max(columns_, s.columns);
    rows_ = program_.elements() / columns_;
    part_rows_ = std::max(std::clamp(kPartElements / columns_, kMinRows, kMaxRows),
                          (rows_ + kMostParts - 1) / kMostParts);
    parts_ = (rows_ + part_rows_ - 1) / part_rows_;
    scratch_ = lane_region(program_.lane_scratch());
  }

  void run(const Lane& lane, const Operands& io) const override {
    char* const sums = static_cast<char*>(io.scratch) + scratch_ * size_t(lane.count);
    int64_t part, end;
    lane.share(parts_, &part, &end);
    if (part < end) {
      TileProgram::Bound bound(program_, io.in, io.out,
                               static_cast<char*>(io.scratch) + scratch_ * size_t(lane.index));
      for (; part < end; ++part) {
        char* const own = sums + size_t(part) * program_.sum_bytes();
        std::memset(own, 0, program_.sum_bytes());
        const int64_t row = part * part_rows_, rows = std::min(part_rows_, rows_ - row);
        bound.run(row * columns_, rows * columns_, own);
      }
    }
    lane.barrier();
    for (size_t i = 0; i < program_.sums().size(); ++i) {
      const TileProgram::Sum& s = program_.sums()[i];
      const int64_t item = int64_t(item_size(s.dtype));
      char* const out = static_cast<char*>(io.out[program_.outputs().size() + i]);
      for_each_line_run(lane, 1, s.columns, kAlignment / item, [&](int64_t, int64_t first, int64_t last) {
        std::memset(out + first * item, 0, size_t((last - first) * item));
        s.add(out + first * item, sums + s.offset + first * item, parts_, last - first,
              int64_t(program_.sum_bytes()) / item);
      });
    }
  }
  size_t scratch_bytes(int threads) const override {
    return scratch_ * size_t(threads) + size_t(parts_) * program_.sum_bytes();
  }
  const char* name() const override { return "map and sums"; }

 private:
  static constexpr int64_t kPartElements = 8192, kMinRows = 64, kMaxRows = 1024, kMostParts = 1024;

  TileProgram program_;
  int64_t columns_ = 1, rows_ = 0, part_rows_ = 1, parts_ = 1;
  size_t scratch_ = 0;
};

}  // namespace

std::unique_ptr<Instruction> make_map_instruction(std::vector<TileProgram> programs) {
  if (!programs[0].sums().empty()) return std::make_unique<SummingMap>(std::move(programs[0]));
  return std::make_unique<MapInstruction>(std::move(programs));
}

}  // namespace axone
