#include "cpu/team.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/error.h"

namespace axone {

namespace {

inline void pause_briefly() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// Sets flush-to-zero for its lifetime: subnormals cost a hundred cycles each and change no result that
// matters.
class FlushToZero {
 public:
#if defined(__x86_64__)
  FlushToZero() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040u); }
  ~FlushToZero() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushToZero() {
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(saved_));
    __asm__ __volatile__("msr fpcr, %0" ::"r"(saved_ | (uint64_t(1) << 24)));
  }
  ~FlushToZero() { __asm__ __volatile__("msr fpcr, %0" ::"r"(saved_)); }

 private:
  uint64_t saved_;
#endif
};

// The OpenMP runtime's threads do not survive a fork: the child must not wait for them.
std::atomic<bool> forked{false};
[[maybe_unused]] const int at_fork = pthread_atfork(nullptr, nullptr, [] { forked.store(true); });

// Processors that a cgroup's CPU quota allows, or 0 for no limit (version 2, then version 1).
int quota_processors() {
  double quota = -1, period = 0;
  if (FILE* f = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    if (std::fscanf(f, "%lf %lf", &quota, &period) != 2) quota = -1;
    std::fclose(f);
  } else {
    FILE* q = std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r");
    FILE* p = std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "r");
    if (!q || !p || std::fscanf(q, "%lf", &quota) != 1 || std::fscanf(p, "%lf", &period) != 1) quota = -1;
    if (q) std::fclose(q);
    if (p) std::fclose(p);
  }
  return quota > 0 && period > 0 ? std::max(1, int((quota + period - 1) / period)) : 0;
}

int threads_from_environment() {
  const char* wish = std::getenv("AXONE_NUM_THREADS");
  if (!wish || !*wish) return available_processors();
  char* end = nullptr;
  const long n = std::strtol(wish, &end, 10);
  require(*end == 0 && n >= 1 && n <= 4096,
          "AXONE_NUM_THREADS: expected a whole number from 1 to 4096, got '", wish, "'");
  return int(n);
}

std::atomic<int> chosen_threads{0};

}  // namespace

// About 20 µs of spinning: longer than the work between two barriers is uneven, shorter than a time slice.
// Sleeping instead of yielding was tried: the system then wakes both lanes on one core and leaves them there.
void Patience::wait() {
  if (spins_++ < 2000)
    pause_briefly();
  else
    sched_yield();
}

void Barrier::wait() {
  const int phase = phase_.load(std::memory_order_relaxed);
  if (waiting_.fetch_add(1, std::memory_order_acq_rel) == count_ - 1) {
    waiting_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    return;
  }
  for (Patience patience; phase_.load(std::memory_order_acquire) == phase;) patience.wait();
}

bool TaskQueue::take(uint64_t work, bool first, int64_t* task) {
  uint64_t word = word_.load(std::memory_order_relaxed);
  for (;;) {
    const int64_t begin = int64_t(word >> 20) & kMost, end = int64_t(word) & kMost;
    if (word >> 40 != work || begin >= end) return false;
    *task = first ? begin : end - 1;
    if (word_.compare_exchange_weak(word, pack(work, begin + first, end - !first), std::memory_order_relaxed))
      return true;
  }
}

int available_processors() {
  int n = int(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (!sched_getaffinity(0, sizeof(set), &set)) n = CPU_COUNT(&set);
#endif
  if (const int quota = quota_processors()) n = std::min(n, quota);
  return std::max(n, 1);
}

int num_threads() {
  int n = chosen_threads.load(std::memory_order_relaxed);
  if (!n) chosen_threads.store(n = threads_from_environment(), std::memory_order_relaxed);
  return n;
}

void set_num_threads(int n) {
  require(n >= 1 && n <= 4096, "set_num_threads: expected a number from 1 to 4096, got ", n);
  chosen_threads.store(n, std::memory_order_relaxed);
}

void run_team(int threads, const std::function<void(const Lane&)>& body) {
  if (threads <= 1 || forked.load(std::memory_order_relaxed) || omp_in_parallel()) {
    FlushToZero guard;
    body(Lane{});
    return;
  }
  Team team;
#pragma omp parallel num_threads(threads)
  {
    // The runtime may grant fewer threads than asked for.
#pragma omp single
    team.barrier.reset(omp_get_num_threads());
    FlushToZero guard;
    body(Lane{omp_get_thread_num(), omp_get_num_threads(), &team});
  }
}

}  // namespace axone
