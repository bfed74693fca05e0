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

// What a kernel's driver knows of the team: its own index, the team's size, the barrier.
struct Lane {
  int index = 0;
  int count = 1;
  Barrier* shared = nullptr;

  void barrier() const {
    if (count > 1) shared->wait();
  }
  // The contiguous share [begin, end) of n equal tasks that is this lane's. The cut depends on the team's
  // size, so a task's result must not depend on which lane runs it.
  void share(int64_t n, int64_t* begin, int64_t* end) const {
    *begin = n * index / count;
    *end = n * (index + 1) / count;
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
