// What the native benchmarks share: a clock, the median, and the multiply-add peak of a team.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>

#include "cpu/dispatch.h"
#include "cpu/team.h"
#include "kernels/gemm.h"

namespace axone {

// With one thread, the thread's own CPU time: what other processes take of the core does not count.
inline bool own_time = false;

inline double seconds_now() {
  if (own_time) {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// GFLOP/s of float32 multiply-adds in registers, all lanes together, over about `seconds`.
inline double measure_peak(int threads, double seconds) {
  const GemmKernels& kernels = kernel_descriptor<GemmKernels>("gemm.kernels", DType::f32);
  // 100 GFLOP/s a lane is the right order for every set; the exact duration does not matter.
  const int64_t rounds = std::max<int64_t>(1, int64_t(seconds * 1e11 / double(kernels.peak_flops)));
  double rate = 0;
  run_team(threads, [&](const Lane& lane) {
    lane.barrier();
    const double start = seconds_now();
    volatile double sum = kernels.peak(rounds);
    (void)sum;
    lane.barrier();
    if (lane.index == 0)
      rate = double(rounds) * double(kernels.peak_flops) * lane.count / (seconds_now() - start) * 1e-9;
  });
  return rate;
}

}  // namespace axone
