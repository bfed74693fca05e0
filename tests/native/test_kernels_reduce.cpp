// Reductions, scans and places of extremes against plain loops, on every instruction set.
#include <algorithm>

#include "kernel_check.h"
#include "kernels/reduce.h"

namespace axone::testing {
namespace {

const int64_t kLengths[] = {0,  1,  2,  3,  5,  7,  8,   9,   10,  15,  16,  17,   31,   32,   33,   47,
                            48, 49, 63, 64, 65, 70, 127, 128, 129, 255, 257, 1000, 4095, 4096, 4097, 10001};

ReduceRows kernel(const std::string& op, DType key) {
  return kernel_function<ReduceRows>(("reduce." + op).c_str(), key);
}

template <class T>
std::vector<T> random_values(int64_t n, uint32_t seed) {
  std::mt19937 rng(seed);
  std::vector<T> v;
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_floating_point_v<T>)
      v.push_back(T(std::uniform_real_distribution<double>(-1, 1)(rng)));
    else
      v.push_back(T(rng()));
  }
  return v;
}

// What a reduction gives for one column of values, in long double (floats) or wrapped (integers).
template <class T>
T exact(const std::string& op, const std::vector<T>& v) {
  constexpr bool kFloat = std::is_floating_point_v<T>;
  using Wide = std::conditional_t<kFloat, long double, uint64_t>;
  using L = std::numeric_limits<T>;
  Wide sum = 0, squares = 0, product = 1;
  T most = kFloat ? -L::infinity() : L::lowest(), least = kFloat ? L::infinity() : L::max();
  for (T x : v) {
    sum += Wide(x), squares += Wide(x) * Wide(x), product *= Wide(x);
    most = std::max(most, x), least = std::min(least, x);
  }
  return op == "sum"     ? T(sum)
         : op == "sumsq" ? T(squares)
         : op == "prod"  ? T(product)
         : op == "max"   ? most
                         : least;
}

// `size` is the sum of the terms' sizes. The narrowest vectors add n / 16 terms in turn, whose roundings are
// random.
template <class T>
bool close(const std::string& op, T got, T want, int64_t n, double size) {
  if (!std::is_floating_point_v<T> || op == "max" || op == "min") return got == want;
  const double eps = double(std::numeric_limits<T>::epsilon());
  if (op == "prod")
    return std::fabs(double(got) - double(want)) <= eps * double(n + 1) * std::fabs(double(want));
  return std::fabs(double(got) - double(want)) <= eps * size * (2 + std::sqrt(double(n)) / 16);
}

template <class T>
T add(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a + b;
  else
    return T(uint64_t(a) + uint64_t(b));
}

template <class T>
double size_of_terms(const std::string& op, const std::vector<T>& v) {
  double size = 0;
  for (T x : v) size += op == "sumsq" ? double(x) * double(x) : std::fabs(double(x));
  return size;
}

template <class T>
void check_rows(const std::string& op) {
  const ReduceRows f = kernel(op + "_rows", dtype_of<T>);
  for (int64_t n : kLengths) {
    const int64_t rows = n > 100 ? 2 : 5, stride = n + 3;
    std::vector<T> x = random_values<T>(rows * stride, uint32_t(n));
    if (op == "prod" && std::is_floating_point_v<T>)
      for (T& v : x) v = T(1) + v / T(64);
    Guarded<T> out(rows);
    f(out.data(), x.data(), rows, n, stride);
    for (int64_t r = 0; r < rows; ++r) {
      std::vector<T> row(x.begin() + r * stride, x.begin() + r * stride + n);
      const T want = exact(op, row);
      CHECK(close(op, out[r], want, n, size_of_terms(op, row)), op, "_rows ", dtype_name(dtype_of<T>), " of ",
            n, " = ", +out[r], ", expected ", +want);
      // A row alone, elsewhere in memory, gives the same bits.
      Guarded<T> moved(row);
      T alone;
      f(&alone, moved.data(), 1, n, n);
      CHECK(!std::memcmp(&alone, &out[r], sizeof(T)), op, "_rows depends on the place, n = ", n);
    }
    CHECK(out.intact(), op, "_rows wrote too far");
  }
}

template <class T>
void check_columns(const std::string& op) {
  const ReduceColumns f = kernel(op + "_columns", dtype_of<T>);
  for (int64_t n : {1, 2, 10, 15, 16, 17, 33, 64, 70, 130})
    for (int64_t rows : {0, 1, 2, 3, 7, 8, 9, 16, 31, 100}) {
      const int64_t stride = n + 5;
      std::vector<T> x = random_values<T>(rows * stride + 1, uint32_t(n * 1000 + rows));
      if (op == "prod" && std::is_floating_point_v<T>)
        for (T& v : x) v = T(1) + v / T(64);
      const std::vector<T> start = op == "prod" ? std::vector<T>(size_t(n), T(1)) : random_values<T>(n, 5);
      Guarded<T> out(start);
      f(out.data(), x.data(), rows, n, stride);
      CHECK(out.intact(), op, "_columns wrote too far");
      for (int64_t c = 0; c < n; ++c) {
        std::vector<T> column;
        for (int64_t r = 0; r < rows; ++r) column.push_back(x[size_t(r * stride + c)]);
        T want = exact(op, column);
        if (op == "sum" || op == "sumsq")
          want = add(want, start[size_t(c)]);
        else if (op == "max" || op == "min")
          column.push_back(start[size_t(c)]), want = exact(op, column);
        // One row after another, without lanes that share the roundings.
        const int64_t turns = (rows + 1) * (op == "prod" ? 1 : 64);
        CHECK(close(op, out[c], want, turns, size_of_terms(op, column) + 1), op, "_columns ",
              dtype_name(dtype_of<T>), " of ", rows, " x ", n, " = ", +out[c], ", expected ", +want);
        T alone = start[size_t(c)];
        f(&alone, x.data() + c, rows, 1, stride);
        CHECK(!std::memcmp(&alone, &out[c], sizeof(T)), op, "_columns depends on the place");
        T twice = start[size_t(c)];
        f(&twice, x.data() + c, rows / 3, 1, stride);
        f(&twice, x.data() + rows / 3 * stride + c, rows - rows / 3, 1, stride);
        CHECK(!std::memcmp(&twice, &out[c], sizeof(T)), op, "_columns depends on where calls end");
      }
    }
}

TEST(rows_and_columns) {
  on_every_target([] {
    for (const char* op : {"sum", "sumsq", "prod", "max", "min"}) {
      check_rows<float>(op), check_columns<float>(op);
      check_rows<double>(op), check_columns<double>(op);
      check_rows<int32_t>(op), check_columns<int32_t>(op);
      check_rows<int64_t>(op), check_columns<int64_t>(op);
      check_rows<uint8_t>(op), check_columns<uint8_t>(op);
    }
  });
}

// Four million equal terms, to a few units in the last place.
TEST(long_float_sums) {
  on_every_target([] {
    const int64_t n = 1 << 22;
    std::vector<float> x(size_t(n), 0.1f);
    float sum = 0;
    kernel("sum_rows", DType::f32)(&sum, x.data(), 1, n, n);
    CHECK(std::fabs(sum - 0.1f * double(n)) < 2, "sum of 2^22 times 0.1 = ", sum);
  });
}

TEST(nan_is_seen) {
  on_every_target([] {
    for (int64_t n : {1, 3, 16, 17, 70, 200})
      for (int64_t at = 0; at < n; at += n > 20 ? 13 : 1)
        for (const char* op : {"max", "min", "sum", "prod"}) {
          std::vector<float> x(size_t(n), 1.0f);
          x[size_t(at)] = NAN;
          float y = 0;
          kernel(std::string(op) + "_rows", DType::f32)(&y, x.data(), 1, n, n);
          CHECK(std::isnan(y), op, "_rows of ", n, " with NaN at ", at, " = ", y);
          std::vector<float> out(1, 1.0f);
          kernel(std::string(op) + "_columns", DType::f32)(out.data(), x.data(), n, 1, 1);
          CHECK(std::isnan(out[0]), op, "_columns of ", n, " with NaN at ", at, " = ", out[0]);
        }
  });
}

TEST(any_and_all) {
  on_every_target([] {
    for (int64_t n : {1, 2, 10, 63, 64, 65, 200, 300})
      for (int64_t at = -1; at < n; at += n > 20 ? 7 : 1)
        for (uint8_t rest : {0, 1}) {
          std::vector<uint8_t> x(size_t(n), rest);
          if (at >= 0) x[size_t(at)] = !rest;
          const bool any = std::count(x.begin(), x.end(), 1) > 0,
                     all = std::count(x.begin(), x.end(), 0) == 0;
          uint8_t y[4] = {9, 9, 9, 9};
          kernel("any_rows", DType::b8)(&y[0], x.data(), 1, n, n);
          kernel("all_rows", DType::b8)(&y[1], x.data(), 1, n, n);
          kernel("max_rows", DType::b8)(&y[2], x.data(), 1, n, n);
          kernel("min_rows", DType::b8)(&y[3], x.data(), 1, n, n);
          CHECK(y[0] == any && y[1] == all && y[2] == any && y[3] == all, "any, all of ", n, " with ", at);
          uint8_t c[2] = {0, 1};
          kernel("any_columns", DType::b8)(&c[0], x.data(), n, 1, 1);
          kernel("all_columns", DType::b8)(&c[1], x.data(), n, 1, 1);
          CHECK(c[0] == any && c[1] == all, "any, all by columns of ", n);
        }
  });
}

template <class T>
void check_places() {
  for (int64_t n : {1, 2, 10, 16, 17, 64, 65, 127, 128, 300}) {
    std::vector<T> x = random_values<T>(3 * n, uint32_t(n));
    for (T& v : x) v = T(int(double(v) * 5) % 7);  // many ties
    if (std::is_floating_point_v<T>) x[size_t(2 * n + n / 2)] = std::numeric_limits<T>::quiet_NaN();
    int64_t most[3], least[3];
    kernel("argmax_rows", dtype_of<T>)(most, x.data(), 3, n, n);
    kernel("argmin_rows", dtype_of<T>)(least, x.data(), 3, n, n);
    for (int64_t r = 0; r < 3; ++r) {
      auto begin = x.begin() + r * n, end = begin + n;
      int64_t highest = std::max_element(begin, end) - begin, lowest = std::min_element(begin, end) - begin;
      if (std::is_floating_point_v<T> && r == 2) highest = lowest = n / 2;
      CHECK(most[r] == highest && least[r] == lowest, "places of ", dtype_name(dtype_of<T>), " row ", r,
            " of ", n);
    }
  }
}

TEST(places_of_extremes) {
  on_every_target([] {
    check_places<float>();
    check_places<double>();
    check_places<int32_t>();
    check_places<int64_t>();
    check_places<uint8_t>();
    const uint8_t x[] = {0, 0, 1, 0, 1};
    int64_t most = -1, least = -1;
    kernel("argmax_rows", DType::b8)(&most, x, 1, 5, 5);
    kernel("argmin_rows", DType::b8)(&least, x, 1, 5, 5);
    CHECK(most == 2 && least == 0, "places of bool");
  });
}

template <class T>
void check_scans() {
  for (int64_t n : {0, 1, 5, 64, 100}) {
    const int64_t stride = n + 2;
    std::vector<T> x = random_values<T>(2 * stride, 3);
    Guarded<T> sums(2 * n), products(2 * n);
    kernel("cumsum_rows", dtype_of<T>)(sums.data(), x.data(), 2, n, stride);
    kernel("cumprod_rows", dtype_of<T>)(products.data(), x.data(), 2, n, stride);
    CHECK(sums.intact() && products.intact(), "scans wrote too far");
    for (int64_t r = 0; r < 2; ++r) {
      using Wide = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;
      Wide sum = 0, product = 1;
      for (int64_t i = 0; i < n; ++i) {
        sum += Wide(x[size_t(r * stride + i)]), product *= Wide(x[size_t(r * stride + i)]);
        CHECK(sums[r * n + i] == T(sum) && products[r * n + i] == T(product), "scan at ", i);
      }
    }
  }
}

TEST(scans) {
  on_every_target([] {
    check_scans<float>();
    check_scans<double>();
    check_scans<int32_t>();
    check_scans<int64_t>();
    check_scans<uint8_t>();
  });
}

}  // namespace
}  // namespace axone::testing

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
