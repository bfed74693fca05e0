// Where lanes wait for each other: a step needs a barrier before it only where it reads what another lane may
// still be writing, or writes what another may still read.
#include <algorithm>

#include "runtime/program.h"

namespace axone {

namespace {

// Scratch memory of steps between two barriers, each with its own, unless a single one needs more.
constexpr size_t kScratchBytes = size_t(4) << 20;
// Accesses since the last barrier that are kept in mind: with more a barrier costs nothing beside them.
constexpr size_t kMostAccesses = 1024;
// Lanes that take serial steps.
constexpr int32_t kSerialLanes = 2;
constexpr int32_t kAllLanes = -1;

// What a step does to a range of memory of one kind.
struct Access {
  int kind;  // of memory: ranges of different kinds never overlap
  uint64_t begin, end;
  bool writes;
  int32_t lane;  // of a serial step, or kAllLanes
};

bool conflict(const Access& a, const Access& b) {
  return (a.writes || b.writes) && a.kind == b.kind && a.begin < b.end && b.begin < a.end;
}

// The steps since the last barrier.
class Interval {
 public:
  bool empty() const { return steps_ == 0; }
  size_t scratch() const { return scratch_; }
  bool has_room(size_t scratch) const {
    return empty() || (accesses_.size() < kMostAccesses && scratch_ + scratch <= kScratchBytes);
  }

  // The lane on which a serial step with these accesses may run without a barrier, the one with the least to
  // do where several may; kAllLanes where there is none.
  int32_t lane_for(const std::vector<Access>& own) const {
    int32_t lane = work_[1] < work_[0] ? 1 : 0;
    bool bound = false;
    for (const Access& a : accesses_)
      for (const Access& b : own) {
        if (!conflict(a, b)) continue;
        if (a.lane == kAllLanes || (bound && a.lane != lane)) return kAllLanes;
        lane = a.lane, bound = true;
      }
    return lane;
  }
  bool conflicts(const std::vector<Access>& own) const {
    return std::any_of(accesses_.begin(), accesses_.end(), [&](const Access& a) {
      return std::any_of(own.begin(), own.end(), [&](const Access& b) { return conflict(a, b); });
    });
  }

  // Returns where the step's scratch begins.
  size_t add(const std::vector<Access>& own, int32_t lane, double work, size_t scratch) {
    for (Access a : own) {
      a.lane = lane;
      accesses_.push_back(a);
    }
    if (lane != kAllLanes) work_[lane] += work;
    ++steps_;
    scratch_ += scratch;
    return scratch_ - scratch;
  }

 private:
  std::vector<Access> accesses_;
  size_t scratch_ = 0, steps_ = 0;
  double work_[kSerialLanes] = {0, 0};
};

}  // namespace

// Returns the bytes of scratch that a team of `threads` needs.
size_t Program::place_barriers(int threads) {
  const auto access = [&](int32_t slot, bool writes) {
    const Slot& s = slots_[size_t(slot)];
    uint64_t begin = 0;
    int kind = s.kind;
    if (s.kind == Slot::arena) begin = s.offset;
    if (s.kind == Slot::fixed) begin = uint64_t(reinterpret_cast<uintptr_t>(s.data));
    if (s.kind == Slot::input || s.kind == Slot::output) kind += 4 * (s.index + 1);
    return Access{kind, begin, begin + s.bytes, writes, kAllLanes};
  };
  size_t most = 0;
  Interval since;
  bool called_host = false;
  std::vector<Access> own;
  for (Step& s : steps_) {
    own.clear();
    for (int32_t slot : s.in) own.push_back(access(slot, false));
    for (int32_t slot : s.out) own.push_back(access(slot, true));
    const size_t bytes = scratch_bytes(s, s.serial ? 1 : threads);
    const bool calls_host = s.instruction->calls_host();
    s.lane = s.serial && !calls_host ? since.lane_for(own) : 0;
    s.meets = !since.empty() && (called_host != calls_host || !since.has_room(bytes) ||
                                 (s.serial ? s.lane == kAllLanes : since.conflicts(own)));
    if (s.meets) since = {}, s.lane = 0;
    s.scratch = since.add(own, s.serial ? s.lane : kAllLanes, s.work, bytes);
    most = std::max(most, since.scratch());
    called_host = calls_host;
  }
  return most;
}

}  // namespace axone
