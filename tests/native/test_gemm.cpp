// Matrix multiplication against a plain float64 (or integer) product, on every instruction set.
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "base/buffer.h"
#include "check.h"
#include "cpu/team.h"
#include "ops/gemm.h"

namespace axone {
namespace {

constexpr unsigned char kGuardByte = 0xC5;
constexpr size_t kGuardBytes = 256;

// A block of `count` elements that starts `shift` elements off alignment, between guard bands.
template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t count, int64_t shift = 0)
      : bytes_(size_t(count) * sizeof(T)), offset_(kGuardBytes + size_t(shift) * sizeof(T)) {
    store_.assign(offset_ + bytes_ + kGuardBytes, kGuardByte);
  }
  T* data() { return reinterpret_cast<T*>(store_.data() + offset_); }
  bool intact() const {
    for (size_t i = 0; i < store_.size(); ++i)
      if ((i < offset_ || i >= offset_ + bytes_) && store_[i] != kGuardByte) return false;
    return true;
  }

 private:
  size_t bytes_, offset_;
  std::vector<unsigned char> store_;
};

template <class T>
void fill(T* p, int64_t count, std::mt19937& rng) {
  for (int64_t i = 0; i < count; ++i) {
    if constexpr (std::is_floating_point_v<T>)
      p[i] = T(std::uniform_real_distribution<double>(-1, 1)(rng));
    else
      p[i] = T(std::uniform_int_distribution<int>(-100, 100)(rng));
  }
}

// Adds 1000 to each element, so that a missing or repeated call shows; takes the values from C or in pieces.
template <class T>
class AddThousand : public GemmEpilogue {
 public:
  AddThousand(T* c, bool pieces) : c_(c), piece_(pieces ? size_t(kGemmPiece) : 0) {}
  void apply(int64_t begin, int64_t count) override {
    for (int64_t i = begin; i < begin + count; ++i) c_[i] += T(1000);
  }
  void apply(int64_t begin, int64_t count, const void* values) override {
    const T* from = static_cast<const T*>(values);
    inside_ &= from >= piece_.data() && from + count <= piece_.data() + piece_.size();
    for (int64_t i = 0; i < count; ++i) c_[begin + i] = from[i] + T(1000);
  }
  void begin_part(int64_t) override {}
  void* piece() const override { return piece_.empty() ? nullptr : const_cast<T*>(piece_.data()); }
  bool inside() const { return inside_; }

 private:
  T* c_;
  std::vector<T> piece_;
  bool inside_ = true;
};

std::string describe(const GemmShape& s) {
  return text(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', ' ', s.m, 'x', s.k, 'x', s.n, " batch ",
              s.batch, " (", s.a_stride, ", ", s.b_stride, ") ", dtype_name(s.dtype));
}

template <class T>
struct Operands {
  Operands(const GemmShape& s, uint32_t seed)
      : a(extent(s.m * s.k, s.a_stride, s.batch), seed % 5),
        b(extent(s.k * s.n, s.b_stride, s.batch), seed % 3) {
    std::mt19937 rng(seed);
    fill(a.data(), extent(s.m * s.k, s.a_stride, s.batch), rng);
    fill(b.data(), extent(s.k * s.n, s.b_stride, s.batch), rng);
  }
  static int64_t extent(int64_t size, int64_t stride, int64_t batch) {
    return batch ? (batch - 1) * stride + size : 0;
  }
  Guarded<T> a, b;
};

template <class T>
std::vector<T> multiply(const GemmShape& s, Operands<T>& x, int threads, bool with_epilogue) {
  const Gemm gemm(s);
  const int64_t count = s.batch * s.m * s.n;
  Guarded<T> c(count, s.m % 3);
  std::memset(static_cast<void*>(c.data()), 0xFF, size_t(count) * sizeof(T));
  std::vector<unsigned char> scratch(gemm.scratch_bytes(threads) + 64 + kGuardBytes, kGuardByte);
  const size_t offset = (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64;
  const bool pieces = with_epilogue && gemm.hands_over() && s.k % 2;
  run_team(threads, [&](const Lane& lane) {
    AddThousand<T> epilogue(c.data(), pieces);
    gemm.run(lane, x.a.data(), x.b.data(), pieces ? nullptr : c.data(), scratch.data() + offset,
             with_epilogue ? &epilogue : nullptr);
    CHECK(epilogue.inside(), describe(s), " handed over what is not in the piece; ", gemm.algorithm());
  });
  CHECK(c.intact(), describe(s), " wrote outside of C; ", gemm.algorithm());
  CHECK(x.a.intact() && x.b.intact(), describe(s), " wrote around A or B");
  bool clean = true;
  for (size_t i = offset + gemm.scratch_bytes(threads); i < scratch.size(); ++i)
    clean &= scratch[i] == kGuardByte;
  CHECK(clean, describe(s), " wrote behind its scratch; ", gemm.algorithm());
  return std::vector<T>(c.data(), c.data() + count);
}

// The widest error allowed: k sums of products of factors up to 1, each rounded, and the epilogue's.
template <class T>
void compare(const GemmShape& s, Operands<T>& x, const std::vector<T>& c, double added) {
  const int64_t as = s.transpose_a ? 1 : s.k, ap = s.transpose_a ? s.m : 1;
  const int64_t bp = s.transpose_b ? 1 : s.n, bs = s.transpose_b ? s.k : 1;
  constexpr double eps = std::is_floating_point_v<T> ? double(std::numeric_limits<T>::epsilon()) : 0.0;
  const double allowed = eps * (double(s.k) + 8 + 2 * added);
  double worst = 0;
  for (int64_t q = 0; q < s.batch; ++q)
    for (int64_t i = 0; i < s.m; ++i)
      for (int64_t j = 0; j < s.n; ++j) {
        double sum = 0;
        const T* a = x.a.data() + q * s.a_stride + i * as;
        const T* b = x.b.data() + q * s.b_stride + j * bs;
        for (int64_t p = 0; p < s.k; ++p) sum += double(a[p * ap]) * double(b[p * bp]);
        const double error = std::fabs(double(c[size_t((q * s.m + i) * s.n + j)]) - (sum + added));
        worst = error > worst || error != error ? error : worst;
        if (worst != worst) break;
      }
  CHECK(worst <= allowed, describe(s), " is off by ", worst, ", allowed ", allowed, "; ",
        Gemm(s).algorithm());
}

template <class T>
void check_shape(GemmShape s, uint32_t seed) {
  s.dtype = dtype_of<T>;
  Operands<T> x(s, seed);
  const bool with_epilogue = seed % 2;
  const std::vector<T> one = multiply<T>(s, x, 1, with_epilogue);
  compare<T>(s, x, one, with_epilogue ? 1000 : 0);
  // Starting a team is slow on a busy machine, so most shapes try one other size of it.
  for (int threads : {2, 3, 4}) {
    if (seed % 8 && threads != 2 + int(seed / 8 % 3)) continue;
    const std::vector<T> other = multiply<T>(s, x, threads, with_epilogue);
    CHECK(one.empty() || std::memcmp(one.data(), other.data(), one.size() * sizeof(T)) == 0, describe(s),
          ": the bits depend on the number of threads (", threads, "); ", Gemm(s).algorithm());
  }
}

template <class T>
void check_transposes(int64_t m, int64_t k, int64_t n, uint32_t seed) {
  for (int t = 0; t < 4; ++t) {
    GemmShape s;
    s.m = m, s.k = k, s.n = n;
    s.transpose_a = t & 1, s.transpose_b = t & 2;
    s.a_stride = m * k, s.b_stride = k * n;
    check_shape<T>(s, seed * 4 + uint32_t(t));
  }
}

template <class T>
void check_edges() {
  uint32_t seed = 1;
  for (int64_t m : {0, 1, 2, 3, 5, 13})
    for (int64_t n : {0, 1, 3, 7, 16, 33})
      for (int64_t k : {0, 1, 2, 9, 17}) check_transposes<T>(m, k, n, seed++);
}

template <class T>
void check_random(int count, int64_t limit) {
  std::mt19937 rng(7);
  // Sizes spread over magnitudes: many small ones, some large ones.
  auto size = [&](int64_t top) {
    return int64_t(std::exp(std::uniform_real_distribution<double>(0, std::log(double(top)))(rng)));
  };
  for (int i = 0; i < count; ++i) check_transposes<T>(size(limit), size(2 * limit), size(limit), rng());
}

TEST(edges_float32) {
  testing::on_every_target([] { check_edges<float>(); });
}
TEST(edges_float64) {
  testing::on_every_target([] { check_edges<double>(); });
}
TEST(edges_int32) {
  testing::on_every_target([] { check_edges<int32_t>(); });
}
TEST(edges_int64) {
  testing::on_every_target([] { check_edges<int64_t>(); });
}

TEST(random_float32) {
  testing::on_every_target([] { check_random<float>(60, 200); });
}
TEST(random_float64) {
  testing::on_every_target([] { check_random<double>(40, 150); });
}
TEST(random_int32) {
  testing::on_every_target([] { check_random<int32_t>(20, 100); });
}
TEST(random_int64) {
  testing::on_every_target([] { check_random<int64_t>(20, 100); });
}

// Shapes of real networks and those that reach every algorithm.
TEST(shapes_that_matter) {
  testing::on_every_target([] {
    uint32_t seed = 1;
    const int64_t shapes[][3] = {
        {32, 784, 128},  {784, 32, 128}, {32, 128, 784}, {32, 128, 10},   {128, 32, 10},   {300, 784, 10},
        {1, 784, 128},   {784, 128, 1},  {1, 3000, 1},   {2, 1000, 77},   {64, 2048, 64},  {257, 300, 131},
        {130, 700, 190}, {7, 2500, 9},   {512, 31, 512}, {144, 2600, 24}, {131, 1100, 61}, {2051, 261, 19}};
    for (const auto& s : shapes) {
      check_transposes<float>(s[0], s[1], s[2], seed++);
      check_transposes<double>(s[0], s[1], s[2], seed++);
    }
  });
}

// Every transpose of a shape (m, k, n) against the reference, and the same bits on any number of lanes.
void check_teams(const int64_t (&sizes)[3], std::initializer_list<int> teams) {
  for (uint32_t t = 0; t < 4; ++t) {
    GemmShape s;
    s.dtype = DType::f32;
    s.m = sizes[0], s.k = sizes[1], s.n = sizes[2];
    s.transpose_a = t & 1, s.transpose_b = t & 2;
    Operands<float> x(s, t + 1);
    const std::vector<float> one = multiply<float>(s, x, 1, false);
    compare<float>(s, x, one, 0);
    for (int threads : teams)
      CHECK(one == multiply<float>(s, x, threads, false), describe(s), ": the bits depend on the threads (",
            threads, "); ", Gemm(s).algorithm());
  }
}

// Both operands packed, in several passes with a partial panel, by lanes and by larger teams. Of 320 columns
// what a lane has may end in a panel of one vector, and of 199 rows some tiles are low.
TEST(strips) {
  testing::on_every_target([] {
    const int64_t shapes[][3] = {{213, 1100, 139}, {220, 1024, 75}, {380, 700, 530}, {199, 900, 320}};
    for (const auto& sizes : shapes) check_teams(sizes, {2, 3, 4, 5});
  });
}

// So large that lanes take each other's tasks, with B in place and packed, C as it is and transposed.
TEST(tasks_that_change_lanes) {
  testing::on_every_target([] {
    const int64_t shapes[][3] = {{330, 400, 411}, {67, 900, 600}, {1500, 150, 161}};
    for (const auto& sizes : shapes) check_teams(sizes, {2, 3, 5});
  });
}

// So deep that a few rows of A overflow L2 and that k is cut into hundreds of passes of uneven depth.
TEST(long_sums) {
  testing::on_every_target([] {
    uint32_t seed = 1;
    for (int64_t m : {1, 2, 30})
      for (int64_t n : {1, 5, 33}) check_transposes<float>(m, 120001, n, seed++);
    for (int64_t k : {383040, 200001}) check_transposes<float>(14, k, 20, seed++);
  });
}

TEST(batches) {
  testing::on_every_target([] {
    uint32_t seed = 1;
    for (int64_t batch : {0, 1, 2, 5, 33})
      for (int64_t m : {1, 4, 13})
        for (int64_t n : {1, 10, 40})
          for (int64_t k : {0, 1, 20})
            for (int t = int(seed) % 3; t < 16; t += 3) {
              GemmShape s;
              s.m = m, s.n = n, s.k = k, s.batch = batch;
              s.transpose_a = t & 1, s.transpose_b = t & 2;
              s.a_stride = t & 4 ? 0 : m * k;
              s.b_stride = t & 8 ? 0 : k * n;
              check_shape<float>(s, seed++);
            }
    GemmShape s;
    s.m = 130, s.n = 140, s.k = 150, s.batch = 2;
    s.a_stride = s.m * s.k, s.b_stride = s.k * s.n;
    check_shape<float>(s, 1);
    s.transpose_b = true;
    check_shape<double>(s, 2);
  });
}

template <class T>
std::vector<T> product(GemmShape s, const std::vector<T>& a, const std::vector<T>& b, int threads,
                       bool compared = false) {
  s.dtype = dtype_of<T>;
  s.a_stride = s.m * s.k, s.b_stride = s.k * s.n;
  Operands<T> x(s, 0);
  std::copy_n(a.begin(), s.m * s.k, x.a.data());
  std::copy_n(b.begin(), s.k * s.n, x.b.data());
  const std::vector<T> c = multiply<T>(s, x, threads, false);
  if (compared) compare<T>(s, x, c, 0);
  return c;
}

template <class T>
std::vector<T> noise(int64_t count, std::mt19937& rng) {
  std::vector<T> values(static_cast<size_t>(count));
  fill(values.data(), count, rng);
  return values;
}

// A row's bits do not depend on how many rows there are.
template <class T>
void check_rows_of_samples(int64_t k, int64_t n, uint32_t seed) {
  std::mt19937 rng(seed);
  const int64_t most = 401;
  const std::vector<T> a = noise<T>(most * k, rng), b = noise<T>(k * n, rng);
  GemmShape s;
  s.m = most, s.k = k, s.n = n, s.samples = 1 + seed % 3;
  s.transpose_b = seed % 2;
  const std::vector<T> all = product<T>(s, a, b, 2, k < 200);
  for (int64_t m : {1, 2, 4, 7, 8, 13, 30, 65, 193}) {
    s.m = m;
    const std::vector<T> c = product<T>(s, a, b, 1 + int(m % 2));
    CHECK(std::memcmp(c.data(), all.data(), c.size() * sizeof(T)) == 0, describe(s),
          ": the bits depend on the number of rows; ", Gemm(s).algorithm());
  }
}

// Rows of zeros behind those of each sample change no bit of the sums over all rows.
template <class T>
void check_sums_of_samples(int64_t samples, int64_t steps, int64_t m, int64_t n, uint32_t seed) {
  std::mt19937 rng(seed);
  const std::vector<T> a = noise<T>(samples * steps * m, rng), b = noise<T>(samples * steps * n, rng);
  GemmShape s;
  s.m = m, s.n = n, s.k = samples * steps, s.samples = samples;
  s.transpose_a = true;
  const std::vector<T> wanted = product<T>(s, a, b, 2, samples < 10);
  for (int64_t longer : {steps + 1, 2 * steps + 5, steps + 60}) {
    s.k = samples * longer;
    std::vector<T> wide = noise<T>(s.k * m, rng), zeros(size_t(s.k * n), T(0));
    for (int64_t i = 0; i < samples; ++i) {
      std::copy_n(a.begin() + i * steps * m, steps * m, wide.begin() + i * longer * m);
      std::copy_n(b.begin() + i * steps * n, steps * n, zeros.begin() + i * longer * n);
    }
    const std::vector<T> c = product<T>(s, wide, zeros, 1 + int(longer % 2));
    CHECK(std::memcmp(c.data(), wanted.data(), c.size() * sizeof(T)) == 0, describe(s), " of ", samples,
          " samples: the bits depend on rows of zeros; ", Gemm(s).algorithm());
  }
}

TEST(rows_of_samples) {
  testing::on_every_target([] {
    uint32_t seed = 0;
    for (int64_t k : {1, 7, 64, 130, 1100})
      for (int64_t n : {1, 2, 9, 12, 16, 33, 100, 260}) {
        check_rows_of_samples<float>(k, n, seed);
        if (k < 1000) check_rows_of_samples<double>(k, n, seed);
        seed += 1 + seed % 4;
      }
  });
}

TEST(sums_of_samples) {
  testing::on_every_target([] {
    uint32_t seed = 0;
    for (int64_t samples : {1, 2, 5, 64})
      for (int64_t steps : {1, 3, 28})
        for (const auto& size : {std::pair<int64_t, int64_t>{1, 5},
                                 {40, 1},
                                 {100, 8},
                                 {28, 130},
                                 {3, 300},
                                 {128, 256},
                                 {200, 160}}) {
          check_sums_of_samples<float>(samples, steps, size.first, size.second, seed++);
          if (samples < 64) check_sums_of_samples<double>(samples, steps, size.first, size.second, seed++);
        }
  });
}

TEST(nan_and_infinity_pass_through) {
  testing::on_every_target([] {
    for (int64_t n : {1, 3, 40}) {
      GemmShape s;
      s.m = 5, s.k = 6, s.n = n;
      Operands<float> x(s, 3);
      for (int64_t i = 0; i < s.k * n; ++i) x.b.data()[i] = 1;
      x.a.data()[2 * s.k + 1] = NAN;
      x.a.data()[3 * s.k + 1] = INFINITY;
      const std::vector<float> c = multiply<float>(s, x, 2, false);
      for (int64_t j = 0; j < n; ++j) {
        CHECK(std::isnan(c[size_t(2 * n + j)]), "row 2 column ", j);
        CHECK(std::isinf(c[size_t(3 * n + j)]), "row 3 column ", j);
        CHECK(std::isfinite(c[size_t(1 * n + j)]), "row 1 column ", j);
      }
    }
  });
}

TEST(integers_wrap_around) {
  testing::on_every_target([] {
    GemmShape s;
    s.dtype = DType::i32;
    s.m = 3, s.k = 5, s.n = 20;
    Operands<int32_t> x(s, 1);
    for (int i = 0; i < 15; ++i) x.a.data()[i] = 0x40000001;
    for (int i = 0; i < 100; ++i) x.b.data()[i] = 3;
    for (int32_t v : multiply<int32_t>(s, x, 1, false)) CHECK(v == int32_t(15u * 0x40000001u), "got ", v);
  });
}

TEST(bad_sizes_throw) {
  for (int64_t size : {int64_t(-1), int64_t(1) << 40}) {
    GemmShape s;
    s.m = s.n = s.k = size;
    bool threw = false;
    try {
      Gemm gemm(s);
    } catch (const ValueError&) {
      threw = true;
    }
    CHECK(threw, "size ", size);
  }
  GemmShape s;
  s.dtype = DType::u8;
  s.m = s.n = s.k = 1;
  bool threw = false;
  try {
    Gemm gemm(s);
  } catch (const TypeError&) {
    threw = true;
  }
  CHECK(threw, "uint8 has no product");
}

TEST(forced_target_runs) {
  testing::on_every_target([] {
    GemmShape s;
    s.m = s.n = s.k = 256;
    CHECK(std::string(Gemm(s).algorithm()).find("sgemm") == 0, Gemm(s).algorithm());
    CHECK(active_target().vector_bytes >= 16, active_target().name);
  });
}

}  // namespace
}  // namespace axone

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
