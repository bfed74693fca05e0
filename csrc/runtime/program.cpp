#include "runtime/program.h"

#include <chrono>
#include <cstring>
#include <sstream>

#include "runtime/program_builder.h"

namespace axone {

Program::Program(const Graph& graph, const std::vector<Value>& outputs) {
  std::vector<Value> wanted = outputs;
  Graph own = shorten(graph, &wanted);
  own.rewrite();
  ProgramBuilder(own, wanted, *this).build();
}

Program::~Program() = default;

Program::Running::Running(Program& program) : program_(program) {
  const std::thread::id self = std::this_thread::get_id();
  require(program.runner_.load(std::memory_order_relaxed) != self,
          "a function that a running program calls cannot run that program again");
  program.mutex_.lock();
  program.runner_.store(self, std::memory_order_relaxed);
}

Program::Running::~Running() {
  program_.runner_.store({}, std::memory_order_relaxed);
  program_.mutex_.unlock();
}

void* Program::address(int32_t slot) const {
  const Slot& s = slots_[size_t(slot)];
  switch (s.kind) {
    case Slot::input:
      return const_cast<void*>(bound_inputs_[size_t(s.index)]);
    case Slot::output:
      return bound_outputs_[size_t(s.index)];
    case Slot::fixed:
      return s.data;
    case Slot::arena:
      break;
  }
  return static_cast<char*>(arena_.data()) + s.offset;
}

void Program::bind(const std::vector<const void*>& inputs, const std::vector<void*>& outputs, int threads) {
  bound_inputs_ = inputs;
  bound_outputs_ = outputs;
  std::fill(bound_rows_.begin(), bound_rows_.end(), nullptr);
  place_operands();
  find_stale();
  take_scratch(threads);
}

void Program::place_operands() {
  for (const Step& s : steps_) {
    void** p = pointers_.data() + s.operands;
    for (int32_t slot : s.in) *p++ = address(slot);
    for (int32_t slot : s.out) *p++ = address(slot);
  }
}

void Program::find_stale() {
  for (Step& s : steps_) {
    if (s.weights.empty() || s.prepared_from == s.writes()) continue;
    if (!s.prepared.data()) s.prepared = Buffer(s.prepared_bytes);
    s.prepared_from = s.writes();
    s.stale = true;
  }
}

void Program::take_scratch(int threads) {
  if (threads <= scratch_threads_) return;
  const size_t bytes = place_barriers(threads);
  if (bytes > scratch_.size()) scratch_ = Buffer(bytes);
  scratch_threads_ = threads;
}

void Program::reserve(int threads) {
  bound_inputs_.resize(input_types_.size());
  bound_outputs_.resize(output_types_.size());
  find_stale();
  take_scratch(threads);
}

void Program::repeat(const Lane& lane, const void* const* in, void* const* out, bool first) {
  if (lane.index == 0) {
    std::copy(in, in + bound_inputs_.size(), bound_inputs_.begin());
    std::copy(out, out + bound_outputs_.size(), bound_outputs_.begin());
    place_operands();
  }
  lane.barrier();
  execute(lane, first);
}

void Program::end_repeats(RunStatus* status) {
  for (Step& s : steps_) s.stale = false;
  const char* message = status_.message.exchange(nullptr);
  if (message) status->report(message, status_.value.load());
  if (status_.failed.exchange(false)) status->fail(std::exchange(status_.failure, nullptr));
}

// Waking a team costs about as much as half a million multiply-adds on one lane.
int Program::team_size(int64_t steps) const {
  constexpr double kWorthATeam = 5e5;
  return shared_work_ * double(steps) > kWorthATeam ? num_threads() : 1;
}

size_t Program::scratch_bytes(const Step& s, int threads) const {
  const size_t own = round_up(s.instruction->scratch_bytes(threads), kPage);
  return own + (s.weights.empty() ? s.prepared_bytes : 0);
}

// Weights that are kept are looked at once a run: what `bind` found stale is prepared in the first step.
void Program::run_step(const Lane& lane, const Step& s, bool first) const {
  void* const* p = pointers_.data() + s.operands;
  char* const scratch = static_cast<char*>(scratch_.data()) + s.scratch;
  Operands io{p, p + s.in.size(), scratch, nullptr, &status_};
  if (s.rows_of >= 0) io.rows = bound_rows_[size_t(s.rows_of)];
  if (s.prepared_bytes) {
    const size_t own = round_up(s.instruction->scratch_bytes(lane.count), kPage);
    io.prepared = s.weights.empty() ? scratch + own : s.prepared.data();
    if (s.weights.empty() || (s.stale && first)) {
      s.instruction->prepare(lane, io);
      lane.barrier();
    }
  }
  s.instruction->run(lane, io);
}

// Lanes go from step to step by themselves, and meet only where one needs what others have done. Only a host
// call can fail: lane 0 then does no more, and the others see it where all meet behind it; before the next
// one they meet again, so that none can fail before all have looked.
void Program::execute(const Lane& lane, bool first) const {
  bool called_host = false;
  for (const Step& s : steps_) {
    if (s.meets) {
      lane.barrier();
      if (called_host && failed()) return;
      called_host = false;
    }
    called_host = called_host || s.instruction->calls_host();
    if (!s.serial)
      run_step(lane, s, first);
    else if (lane.index == s.lane % lane.count && !(lane.index == 0 && called_host && failed()))
      run_step(Lane{}, s, first);
  }
  lane.barrier();
  if (copies_.empty()) return;
  if (lane.index == 0 && !failed()) run_copies();
  lane.barrier();
}

void Program::run_copies() const {
  for (const Copy& c : copies_) {
    void* to = c.to ? c.to : c.output >= 0 ? bound_outputs_[size_t(c.output)] : address(-2 - c.output);
    if (c.bytes) std::memcpy(to, address(c.from), c.bytes);
  }
}

// Behind every run, also one that failed. prepared: a whole step has been run, and so all weights prepared.
void Program::finish(bool prepared) {
  for (const Tensor& t : assigned_) t.count_write();
  for (Step& s : steps_) {
    if (s.stale && !prepared) s.prepared_from = UINT64_MAX;
    s.stale = false;
  }
  const char* message = status_.message.exchange(nullptr);
  if (status_.failed.exchange(false)) std::rethrow_exception(std::exchange(status_.failure, nullptr));
  if (message) throw IndexError(text(message, " (got ", status_.value.load(), ")"));
}

void Program::run(const std::vector<const void*>& inputs, const std::vector<void*>& outputs) {
  const Running running(*this);
  const int threads = team_size(1);
  bind(inputs, outputs, threads);
  run_team(threads, [this](const Lane& lane) { execute(lane, true); });
  finish(!status_.failed.load());
}

void Program::prepare_feed() {
  if (staged_inputs_.empty())
    for (const TensorType& t : input_types_) staged_inputs_.emplace_back(byte_size(t));
  if (kept_outputs_.empty())
    for (const TensorType& t : output_types_) kept_outputs_.emplace_back(byte_size(t));
}

// Points every operand that reads input `k` to other memory.
void Program::feed_from(size_t k, const void* data) {
  bound_inputs_[k] = data;
  for (const Step& s : steps_)
    for (size_t i = 0; i < s.in.size(); ++i) {
      const Slot& slot = slots_[size_t(s.in[i])];
      if (slot.kind == Slot::input && slot.index == int32_t(k))
        pointers_[s.operands + i] = const_cast<void*>(data);
    }
}

// This lane's share of a batch, from row `first` of the order: in place, row by row in place, or copied.
void Program::feed(const Lane& lane, size_t k, const Gather& rows, const Steps& steps, int64_t first) {
  const void* const dense = steps.order ? nullptr : rows.in_place(first);
  if (bound_rows_[k])
    rows.place(lane, steps.order, first, steps.batch, row_addresses_[k].data());
  else if (!dense)
    rows.run(lane, steps.order, first, steps.batch, staged_inputs_[k].data());
  else if (lane.index == 0)
    feed_from(k, dense);
}

int64_t Program::run_steps(const Steps& steps) {
  const Running running(*this);
  prepare_feed();
  std::vector<Gather> feeds;
  for (size_t i = 0; i < steps.sources.size(); ++i) {
    feeds.emplace_back(steps.sources[i], input_types_[i], "fit");
    require(input_types_[i].shape[0] == steps.batch, "run_steps: the program was compiled for batches of ",
            input_types_[i].shape[0], ", got ", steps.batch);
    const int64_t rows = feeds.back().samples();
    require(steps.order || steps.order_size <= rows, "run_steps: expected at least ", steps.order_size,
            " samples, got ", rows);
    const int64_t end = std::min((steps.first + steps.count) * steps.batch, steps.order_size);
    for (int64_t k = steps.first * steps.batch; steps.order && k < end; ++k)
      require<IndexError>(steps.order[k] >= 0 && steps.order[k] < rows, "run_steps: row ", steps.order[k],
                          " of an array with ", rows, " rows");
  }
  require(steps.first >= 0 && (steps.first + steps.count) * steps.batch <= steps.order_size,
          "run_steps: steps beyond the end of the data");
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (const Buffer& b : staged_inputs_) inputs.push_back(b.data());
  for (const Buffer& b : kept_outputs_) outputs.push_back(b.data());
  const int threads = team_size(steps.count);
  bind(inputs, outputs, threads);
  for (size_t k = 0; k < feeds.size(); ++k)
    if (!row_addresses_[k].empty() && feeds[k].rows_in_place() && (steps.order || !feeds[k].in_place(0)))
      bound_rows_[k] = row_addresses_[k].data();

  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  std::atomic<bool> stop{false};
  std::atomic<int64_t> done{0};
  run_team(threads, [&](const Lane& lane) {
    for (int64_t i = 0; i < steps.count; ++i) {
      const int64_t row = (steps.first + i) * steps.batch;
      for (size_t k = 0; k < feeds.size(); ++k) feed(lane, k, feeds[k], steps, row);
      lane.barrier();
      if (stop.load(std::memory_order_relaxed)) break;
      execute(lane, i == 0);
      if (lane.index == 0 && status_.failed.load(std::memory_order_relaxed)) {
        stop.store(true, std::memory_order_relaxed);
      } else if (lane.index == 0) {
        for (size_t k = 0; k < steps.collect.size(); ++k)
          if (steps.collect[k])
            std::memcpy(static_cast<char*>(steps.collect[k]) + (steps.first + i) * steps.collect_bytes[k],
                        kept_outputs_[k].data(), size_t(steps.collect_bytes[k]));
        done.store(i + 1, std::memory_order_relaxed);
        const bool late = std::chrono::duration<double>(Clock::now() - start).count() > steps.budget;
        stop.store(late || status_.message.load(std::memory_order_relaxed), std::memory_order_relaxed);
      }
    }
  });
  finish(done.load() > 0);
  return done.load();
}

std::string Program::describe() const {
  std::ostringstream out;
  for (const Step& s : steps_) {
    out << s.instruction->name() << (s.serial ? " serial" : "") << " in";
    for (int32_t i : s.in) out << ' ' << i << ':' << slots_[size_t(i)].bytes;
    out << " out";
    for (int32_t i : s.out) out << ' ' << i << ':' << slots_[size_t(i)].bytes;
    out << '\n';
  }
  return out.str();
}

std::vector<double> Program::profile(int repeats) {
  const Running running(*this);
  prepare_feed();
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (const Buffer& b : staged_inputs_) inputs.push_back(b.data());
  for (const Buffer& b : kept_outputs_) outputs.push_back(b.data());
  const int threads = team_size(repeats);
  bind(inputs, outputs, threads);
  std::vector<double> seconds(steps_.size(), 0);
  run_team(threads, [&](const Lane& lane) {
    for (int r = 0; r < repeats; ++r)
      for (size_t i = 0; i < steps_.size(); ++i) {
        const Step& s = steps_[i];
        const auto start = std::chrono::steady_clock::now();
        if (!s.serial)
          run_step(lane, s, r == 0);
        else if (lane.index == 0 && !status_.failed.load())
          run_step(Lane{}, s, r == 0);
        lane.barrier();
        if (lane.index == 0)
          seconds[i] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      }
  });
  status_.message.store(nullptr);
  finish(repeats > 0 && !status_.failed.load());
  return seconds;
}

}  // namespace axone
