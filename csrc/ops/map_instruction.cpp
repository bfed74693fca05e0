// Elementwise chains as instructions.
#include <algorithm>

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
      pieces_ += ceil_div(p.elements(), kPiece);
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

// A program with statistics.
class GatheringMap final : public Instruction {
 public:
  explicit GatheringMap(TileProgram program)
      : program_(std::move(program)),
        parts_(program_.statistics().parts(program_.elements())),
        lane_bytes_(lane_region(program_.lane_scratch())) {}

  void run(const Lane& lane, const Operands& io) const override {
    const Statistics& statistics = program_.statistics();
    char* const scratch = static_cast<char*>(io.scratch);
    char* const results = scratch + lane_bytes_ * size_t(lane.count);
    int64_t part, end;
    // A lane works on the parts that it makes ready.
    statistics.clear(lane, parts_.count(), results);
    lane.share(parts_.count(), &part, &end);
    if (part < end) {
      TileProgram::Bound bound(program_, io.in, io.out, scratch + lane_bytes_ * size_t(lane.index));
      for (; part < end; ++part)
        bound.run(parts_.begin(part), parts_.size(part), results + size_t(part) * statistics.part_bytes());
    }
    lane.barrier();
    statistics.join(lane, parts_.count(), results, io.out + program_.outputs().size());
  }
  size_t scratch_bytes(int threads) const override {
    return lane_bytes_ * size_t(threads) + size_t(parts_.count()) * program_.statistics().part_bytes();
  }
  const char* name() const override { return "map and statistics"; }

 private:
  TileProgram program_;
  StatisticParts parts_;
  size_t lane_bytes_;
};

}  // namespace

std::unique_ptr<Instruction> make_map_instruction(std::vector<TileProgram> programs) {
  if (!programs[0].statistics().empty()) return std::make_unique<GatheringMap>(std::move(programs[0]));
  return std::make_unique<MapInstruction>(std::move(programs));
}

}  // namespace axone
