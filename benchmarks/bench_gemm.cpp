// Matrix multiplication against the multiply-add peak that the same threads reach in the same run.
//
//   bench_gemm [--shape MxKxN[xBATCH]]... [--op NN|NT|TN|TT|all] [--dtype float32|float64] [--threads N]
//              [--seconds S] [--isa NAME] [--json]
//
// GFLOP/s is the median of repetitions; between every few of them the peak is measured again, over as many
// multiply-adds, and the ratio is the median GFLOP/s over the median peak, so that a busy machine lowers
// both. With one thread the clock is the thread's CPU time.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "cpu/dispatch.h"
#include "cpu/team.h"
#include "kernels/gemm.h"
#include "ops/gemm.h"

namespace axone {
namespace {

struct Size {
  int64_t m, k, n, batch;
};

const Size kDefaultSizes[] = {
    {512, 512, 512, 1},  {1024, 1024, 1024, 1}, {2048, 2048, 2048, 1}, {256, 256, 256, 1},
    {32, 784, 128, 1},   {784, 32, 128, 1},     {32, 128, 784, 1},     {32, 128, 10, 1},
    {300, 784, 10, 1},   {1, 784, 128, 1},      {784, 128, 1, 1},      {4, 784, 128, 1},
    {128, 784, 512, 1},  {4096, 64, 4096, 1},   {64, 4096, 64, 1},     {32, 25088, 4096, 1},
    {12544, 576, 64, 1}, {4096, 4096, 16, 1},   {16, 4096, 4096, 1},   {64, 64, 64, 64},
    {128, 32, 128, 256},
};

struct Options {
  std::vector<Size> sizes;
  std::string op = "NN", dtype = "float32", isa;
  int threads = num_threads();
  double seconds = 0.3;
  bool json = false;
};

struct Result {
  double gflops, best, peak;
  std::string algorithm;
};

// With one thread, the thread's own CPU time: what other processes take of the core does not count.
bool own_time = false;

double now() {
  if (own_time) {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

// GFLOP/s of the team's multiply-adds in registers, over about `seconds`. Called by every lane; valid on lane
// 0.
double measure_peak(const Lane& lane, const GemmKernels& kernels, int64_t rounds) {
  lane.barrier();
  const double start = now();
  volatile double sum = kernels.peak(rounds);
  (void)sum;
  lane.barrier();
  return double(rounds) * kernels.peak_flops * lane.count / (now() - start) * 1e-9;
}

template <class T>
Buffer random_buffer(int64_t count, uint32_t seed) {
  Buffer buffer(size_t(count) * sizeof(T) + 64);
  std::mt19937 rng(seed);
  for (int64_t i = 0; i < count; ++i) static_cast<T*>(buffer.data())[i] = T(int32_t(rng())) * T(4.7e-10);
  return buffer;
}

template <class T>
Result measure(const GemmShape& s, const Options& options) {
  const Gemm gemm(s);
  const GemmKernels& kernels = kernel_descriptor<GemmKernels>("gemm.kernels", s.dtype);
  const Buffer a = random_buffer<T>(s.batch * s.m * s.k, 1), b = random_buffer<T>(s.batch * s.k * s.n, 2);
  const Buffer c = random_buffer<T>(s.batch * s.m * s.n, 3);
  const Buffer scratch(gemm.scratch_bytes(options.threads) + 64);
  const double flops = 2.0 * double(s.m) * double(s.n) * double(s.k) * double(s.batch);
  std::vector<double> rates, peaks;
  // Written by lane 0 between two barriers, so that all lanes agree on them.
  bool more = true;
  int repeat = 1;
  run_team(options.threads, [&](const Lane& lane) {
    // Products too small to share run on one lane, as in a program; the peak is the whole team's all the
    // same.
    const bool alone = gemm.serial();
    auto product = [&] {
      if (!alone) return gemm.run(lane, a.data(), b.data(), c.data(), scratch.data(), nullptr);
      if (lane.index == 0) gemm.run(Lane{}, a.data(), b.data(), c.data(), scratch.data(), nullptr);
    };
    measure_peak(lane, kernels, 50'000'000 / kernels.peak_flops);
    const double start = now();
    while (more) {
      lane.barrier();
      const double begin = now();
      for (int i = 0; i < repeat; ++i) {
        product();
        if (!alone) lane.barrier();
      }
      const double time = now() - begin;
      const int64_t rounds = int64_t(std::max(5e7, flops * repeat / lane.count)) / kernels.peak_flops;
      const double peak = measure_peak(lane, kernels, rounds);
      if (lane.index == 0) {
        rates.push_back(flops * repeat / time * 1e-9);
        peaks.push_back(peak);
        // The first round warms up and says how many calls take about a millisecond.
        if (rates.size() == 1) repeat = int(std::clamp(1e-3 / time, 1.0, 100000.0));
        more = rates.size() < 6 || now() - start < options.seconds;
      }
      lane.barrier();
    }
  });
  rates.erase(rates.begin());
  return {median(rates), *std::max_element(rates.begin(), rates.end()), median(peaks), gemm.algorithm()};
}

Size parse_size(const char* text) {
  Size s{0, 0, 0, 1};
  char* end = nullptr;
  s.m = std::strtoll(text, &end, 10);
  if (*end == 'x') s.k = std::strtoll(end + 1, &end, 10);
  if (*end == 'x') s.n = std::strtoll(end + 1, &end, 10);
  if (*end == 'x') s.batch = std::strtoll(end + 1, &end, 10);
  require(*end == 0 && s.m > 0 && s.k > 0 && s.n > 0 && s.batch > 0,
          "--shape: expected MxKxN or MxKxNxBATCH, got ", text);
  return s;
}

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--json") {
      o.json = true;
      continue;
    }
    require(i + 1 < argc, "expected a value after ", flag);
    const char* value = argv[++i];
    if (flag == "--shape") {
      o.sizes.push_back(parse_size(value));
    } else if (flag == "--op") {
      o.op = value;
    } else if (flag == "--dtype") {
      o.dtype = value;
    } else if (flag == "--threads") {
      o.threads = std::atoi(value);
    } else if (flag == "--seconds") {
      o.seconds = std::atof(value);
    } else if (flag == "--isa") {
      set_target(o.isa = value);
    } else {
      throw ValueError("unknown option " + flag + "; see the head of bench_gemm.cpp");
    }
  }
  require(o.op == "all" || o.op == "NN" || o.op == "NT" || o.op == "TN" || o.op == "TT", "--op: got ", o.op);
  require(o.dtype == "float32" || o.dtype == "float64", "--dtype: expected float32 or float64, got ",
          o.dtype);
  require(o.threads >= 1, "--threads: expected a number from 1 on");
  own_time = o.threads == 1;
  if (o.sizes.empty()) o.sizes.assign(std::begin(kDefaultSizes), std::end(kDefaultSizes));
  return o;
}

void report(const Options& o, const GemmShape& s, const char* op, const Result& r, bool first) {
  const char* isa = active_target().name;
  const double ratio = r.gflops / r.peak;
  if (o.json) {
    std::printf(
        "%s\n  {\"op\": \"%s\", \"m\": %lld, \"k\": %lld, \"n\": %lld, \"batch\": %lld, \"dtype\": \"%s\", "
        "\"gflops\": %.2f, \"best_gflops\": %.2f, \"peak_gflops\": %.2f, \"ratio\": %.4f, "
        "\"algorithm\": \"%s\", \"isa\": \"%s\", \"threads\": %d}",
        first ? "[" : ",", op, (long long)s.m, (long long)s.k, (long long)s.n, (long long)s.batch,
        o.dtype.c_str(), r.gflops, r.best, r.peak, ratio, r.algorithm.c_str(), isa, o.threads);
    return;
  }
  if (first)
    std::printf("%-3s%-24s %10s %9s %9s %9s %6s  %s (%s, %s, %d threads)\n", "op", "m x k x n (x batch)",
                "us", "GFLOP/s", "best", "peak", "ratio", "algorithm", o.dtype.c_str(), isa, o.threads);
  std::string size = text(s.m, "x", s.k, "x", s.n);
  if (s.batch > 1) size += text("x", s.batch);
  const double flops = 2.0 * double(s.m) * double(s.n) * double(s.k) * double(s.batch);
  std::printf("%-3s%-24s %10.2f %9.1f %9.1f %9.1f %6.3f  %s\n", op, size.c_str(), flops / r.gflops * 1e-3,
              r.gflops, r.best, r.peak, ratio, r.algorithm.c_str());
  std::fflush(stdout);
}

void run(const Options& o) {
  bool first = true;
  for (const Size& size : o.sizes)
    for (const char* op : {"NN", "NT", "TN", "TT"}) {
      if (o.op != "all" && o.op != op) continue;
      GemmShape s;
      s.dtype = dtype_from_name(o.dtype.c_str());
      s.m = size.m, s.k = size.k, s.n = size.n, s.batch = size.batch;
      s.transpose_a = op[0] == 'T', s.transpose_b = op[1] == 'T';
      s.a_stride = s.m * s.k, s.b_stride = s.k * s.n;
      report(o, s, op, o.dtype == "float32" ? measure<float>(s, o) : measure<double>(s, o), first);
      first = false;
    }
  if (o.json) std::printf("\n]\n");
}

}  // namespace
}  // namespace axone

int main(int argc, char** argv) {
  try {
    axone::run(axone::parse(argc, argv));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_gemm: %s\n", e.what());
    return 2;
  }
  return 0;
}
