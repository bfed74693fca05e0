// Comparisons, tests, logic, selection and casts, on every instruction set.
#include "kernel_check.h"

namespace axone::testing {
namespace {

using Real = long double;

template <class T, class Stored = T>
void check_where() {
  for (int64_t n : {0, 1, 3, 15, 16, 17, 70, 300}) {
    std::vector<uint8_t> m;
    std::vector<Stored> a, b;
    for (int64_t i = 0; i < n; ++i)
      m.push_back(i % 3 == 0), a.push_back(Stored(i % 2)), b.push_back(Stored(7));
    std::vector<Stored> y = run_map<Stored>("where", KeyOf<T>::value, m, a, b);
    std::vector<Stored> same = run_map<Stored>("copy", KeyOf<T>::value, a);
    for (size_t i = 0; i < y.size(); ++i) CHECK(y[i] == (m[i] ? a[i] : b[i]), "where at ", i);
    CHECK(same == a, "copy of ", n);
  }
}

TEST(where_and_copy) {
  on_every_target([] {
    check_where<float>();
    check_where<double>();
    check_where<int32_t>();
    check_where<int64_t>();
    check_where<uint8_t>();
    check_where<Bool, uint8_t>();
  });
}

template <class T>
void check_comparisons() {
  Pairs<T> p;
  const std::vector<uint8_t> eq = run_map<uint8_t>("equal", dtype_of<T>, p.a, p.b);
  const std::vector<uint8_t> ne = run_map<uint8_t>("not_equal", dtype_of<T>, p.a, p.b);
  const std::vector<uint8_t> lt = run_map<uint8_t>("less", dtype_of<T>, p.a, p.b);
  const std::vector<uint8_t> le = run_map<uint8_t>("less_equal", dtype_of<T>, p.a, p.b);
  const std::vector<uint8_t> gt = run_map<uint8_t>("greater", dtype_of<T>, p.a, p.b);
  const std::vector<uint8_t> ge = run_map<uint8_t>("greater_equal", dtype_of<T>, p.a, p.b);
  for (size_t i = 0; i < p.a.size(); ++i) {
    const T x = p.a[i], y = p.b[i];
    CHECK(eq[i] == (x == y) && ne[i] == (x != y) && lt[i] == (x < y) && le[i] == (x <= y) &&
              gt[i] == (x > y) && ge[i] == (x >= y),
          "comparisons of ", +x, " and ", +y, " ", dtype_name(dtype_of<T>));
  }
  if constexpr (std::is_floating_point_v<T>) {
    const std::vector<uint8_t> nan = run_map<uint8_t>("isnan", dtype_of<T>, p.a);
    const std::vector<uint8_t> inf = run_map<uint8_t>("isinf", dtype_of<T>, p.a);
    const std::vector<uint8_t> finite = run_map<uint8_t>("isfinite", dtype_of<T>, p.a);
    for (size_t i = 0; i < p.a.size(); ++i)
      CHECK(
          nan[i] == std::isnan(p.a[i]) && inf[i] == std::isinf(p.a[i]) && finite[i] == std::isfinite(p.a[i]),
          "tests of ", p.a[i]);
  }
}

TEST(comparisons) {
  on_every_target([] {
    check_comparisons<float>();
    check_comparisons<double>();
    check_comparisons<int32_t>();
    check_comparisons<int64_t>();
    check_comparisons<uint8_t>();
  });
}

TEST(logic) {
  on_every_target([] {
    for (size_t n : {1u, 2u, 4u, 63u, 64u, 65u, 300u}) {
      std::vector<uint8_t> a(n), b(n);
      for (size_t i = 0; i < n; ++i) a[i] = i & 1, b[i] = (i >> 1) & 1;
      auto run = [&](const char* op) { return run_map<uint8_t>(op, DType::b8, a, b); };
      const auto both = run("logical_and"), any = run("logical_or"), one = run("logical_xor");
      const auto no = run("logical_not"), most = run("maximum"), least = run("minimum"), same = run("equal");
      for (size_t i = 0; i < n; ++i)
        CHECK(both[i] == (a[i] & b[i]) && any[i] == (a[i] | b[i]) && one[i] == (a[i] ^ b[i]) &&
                  no[i] == !a[i] && most[i] == any[i] && least[i] == both[i] && same[i] == (a[i] == b[i]),
              "logic at ", i, " of ", n);
    }
  });
}

template <class From, class To, class StoredFrom, class StoredTo>
void check_cast() {
  const std::string op = std::string("cast_") + dtype_name(KeyOf<To>::value);
  std::vector<StoredFrom> x;
  if constexpr (std::is_same_v<From, Bool>) {
    x = {0, 1, 1, 0, 1};
  } else {
    x = edge_values<StoredFrom>();
    for (int i = 0; i < 100; ++i) x.push_back(StoredFrom(i * 37 % 251) / StoredFrom(2));
    if constexpr (std::is_floating_point_v<StoredFrom>)
      for (double d : {2147483647.0, 2147483648.0, -2147483648.0, -2147483649.0, 9.3e18, -9.3e18, 254.9,
                       255.5, 256.0, -0.9, -1.0, 1e30})
        x.push_back(StoredFrom(d));
  }
  std::vector<StoredTo> y = run_map<StoredTo>(op, KeyOf<From>::value, x);
  for (size_t i = 0; i < x.size(); ++i) {
    bool good;
    if constexpr (std::is_same_v<To, Bool>) {
      good = y[i] == (x[i] != 0);
    } else if constexpr (std::is_floating_point_v<StoredFrom> && !std::is_floating_point_v<StoredTo>) {
      using L = std::numeric_limits<StoredTo>;
      const Real cut = std::trunc(Real(x[i]));
      good = std::isnan(x[i])           ? y[i] == 0
             : cut >= Real(L::max())    ? y[i] == L::max()
             : cut <= Real(L::lowest()) ? y[i] == L::lowest()
                                        : Real(y[i]) == cut;
    } else if constexpr (std::is_floating_point_v<StoredFrom>) {
      good = ulps<StoredTo>(y[i], Real(x[i])) <= 0.5;
    } else {
      good = y[i] == static_cast<StoredTo>(x[i]);
    }
    CHECK(good, op, " of ", dtype_name(KeyOf<From>::value), " ", +x[i], " = ", +y[i]);
  }
  if constexpr (sizeof(StoredFrom) == sizeof(StoredTo)) {  // in place
    std::vector<unsigned char> bytes(x.size() * sizeof(StoredTo));
    std::memcpy(bytes.data(), x.data(), bytes.size());
    map_kernel(op, KeyOf<From>::value)(bytes.data(), bytes.data(), nullptr, nullptr, int64_t(x.size()), 0);
    CHECK(!std::memcmp(bytes.data(), y.data(), bytes.size()), op, " in place");
  }
}

template <class From, class Stored = From>
void check_casts() {
  check_cast<From, float, Stored, float>();
  check_cast<From, double, Stored, double>();
  check_cast<From, int32_t, Stored, int32_t>();
  check_cast<From, int64_t, Stored, int64_t>();
  check_cast<From, uint8_t, Stored, uint8_t>();
  check_cast<From, Bool, Stored, uint8_t>();
}

TEST(casts) {
  on_every_target([] {
    check_casts<float>();
    check_casts<double>();
    check_casts<int32_t>();
    check_casts<int64_t>();
    check_casts<uint8_t>();
    check_casts<Bool, uint8_t>();
  });
}

}  // namespace
}  // namespace axone::testing

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
