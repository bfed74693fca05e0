// The thread team: the only place that knows OpenMP.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace axone {

// How a lane waits for another: it spins briefly, then yields. Cheap while every lane has a core, polite when
// it has none.
class Patience {
 public:
  void wait();

 private:
  int spins_ = 0;
};

// A barrier for all lanes.
class Barrier {
 public:
  // Sets the number of lanes; no lane may be waiting.
  void reset(int count) { count_ = count; }
  void wait();

 private:
  int count_ = 1;
  alignas(64) std::atomic<int> waiting_{0};
  alignas(64) std::atomic<int> phase_{0};
};

// A lane's tasks of one piece of work. It takes them from the first on; lanes that have none left take the
// last. A word holds them all: whoever changes it has got a task, and knows of which work: all lanes count it
// alike.
class TaskQueue {
 public:
  static constexpr int64_t kMost = (int64_t(1) << 20) - 1;  // tasks

  // Begins the next piece of work, with tasks [begin, end). Returns its number.
  uint64_t begin_work(int64_t begin, int64_t end) {
    work_ = (work_ + 1) & kWorks;
    word_.store(pack(work_, begin, end), std::memory_order_relaxed);
    return work_;
  }
  bool take_first(uint64_t work, int64_t* task) { return take(work, true, task); }
  bool take_last(uint64_t work, int64_t* task) { return take(work, false, task); }

 private:
  static constexpr uint64_t kWorks = (uint64_t(1) << 24) - 1;
  static uint64_t pack(uint64_t work, int64_t begin, int64_t end) {
    return work << 40 | uint64_t(begin) << 20 | uint64_t(end);
  }
  bool take(uint64_t work, bool first, int64_t* task);

  alignas(64) std::atomic<uint64_t> word_{0};
  uint64_t work_ = 0;  // the lane's own
};

// What the lanes of a team share.
struct Team {
  static constexpr int kQueues = 64;

  Barrier barrier;
  TaskQueue queues[kQueues];
};

// What a kernel's driver knows of the team: its own index, the team's size, what is shared.
struct Lane {
  int index = 0;
  int count = 1;
  Team* team = nullptr;

  void barrier() const {
    if (count > 1) team->barrier.wait();
  }
  // The contiguous share [begin, end) of n equal tasks that is this lane's. The cut depends on the team's
  // size, so a task's result must not depend on which lane runs it.
  void share(int64_t n, int64_t* begin, int64_t* end) const {
    *begin = n * index / count;
    *end = n * (index + 1) / count;
  }
  // Runs body(task) for all tasks [0, n) of a piece of work in which every lane takes part: those of its
  // share, then what slower lanes have left of theirs. For work of some hundred microseconds: looking at
  // another lane's queue costs as much as a small task.
  template <class Body>
  void for_tasks(int64_t n, const Body& body) const {
    int64_t task, end;
    share(n, &task, &end);
    if (count == 1 || count > Team::kQueues || n > TaskQueue::kMost) {
      for (; task < end; ++task) body(task);
      return;
    }
    TaskQueue& own = team->queues[index];
    const uint64_t work = own.begin_work(task, end);
    while (own.take_first(work, &task)) body(task);
    for (int i = 1; i < count; ++i)
      while (team->queues[(index + i) % count].take_last(work, &task)) body(task);
  }
};

// Threads that a team may have: the last set_num_threads, else AXONE_NUM_THREADS, else affinity and cgroup
// quota.
int num_threads();
void set_num_threads(int n);  // throws ValueError for n < 1

// Processors that this process may use, from affinity and cgroup quota; at least 1.
int available_processors();

// Runs body once on each lane of a team of up to `threads` lanes; returns when all are done. Serial inside
// another parallel region and in a forked child. Lanes run with subnormals flushed to zero; the caller's
// floating-point mode is restored. body must not throw.
void run_team(int threads, const std::function<void(const Lane&)>& body);

}  // namespace axone
