// Softmax and cross-entropy kernels against long double, on every instruction set.
#include <algorithm>

#include "kernel_check.h"
#include "kernels/softmax.h"

namespace axone::testing {
namespace {

using Real = long double;

template <class F, class T>
F kernel(const char* op) {
  return kernel_function<F>((std::string("softmax.") + op).c_str(), dtype_of<T>);
}

template <class T>
std::vector<T> random_values(int64_t n, double size, uint32_t seed) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<double> between(-size, size);
  std::vector<T> v;
  for (int64_t i = 0; i < n; ++i) v.push_back(T(between(rng)));
  return v;
}

// One row in long double.
struct Row {
  Real lse;
  std::vector<Real> x, p;
  template <class T>
  Row(const T* values, int64_t n) : x(values, values + n) {
    const Real m = *std::max_element(x.begin(), x.end());
    Real sum = 0;
    for (Real v : x) sum += std::exp(v - m);
    lse = m + std::log(sum);
    for (Real v : x) p.push_back(std::exp(v - m) / sum);
  }
};

// |got - want| within `count` roundings of numbers of that size.
template <class T>
bool near(T got, Real want, Real size, Real count = 4) {
  return std::fabs(Real(got) - want) <=
         count * Real(std::numeric_limits<T>::epsilon()) * std::fmax(size, 1e-30L);
}

template <class T>
void check_rows(int64_t n, double size) {
  const int64_t rows = 3;
  const std::vector<T> x = random_values<T>(rows * n, size, uint32_t(n)),
                       dy = random_values<T>(rows * n, 1, 7);
  std::vector<T> target = random_values<T>(rows * n, 1, 9), dloss = {T(1), T(0.5), T(-2)};
  for (T& t : target) t = std::fabs(t);
  std::vector<int64_t> labels = {0, n / 2, n - 1};
  const Real roundings = 4 + 2 * std::sqrt(Real(n));

  Guarded<T> y(rows * n), log_y(rows * n), lse(rows), loss(rows), dense(rows), dx(rows * n), dlog(rows * n);
  Guarded<T> sparse_dx(rows * n), dense_dx(rows * n);
  kernel<SoftmaxRows, T>("softmax_rows")(y.data(), x.data(), rows, n);
  kernel<SoftmaxRows, T>("log_softmax_rows")(log_y.data(), x.data(), rows, n);
  kernel<LogSumExpRows, T>("logsumexp_rows")(lse.data(), x.data(), rows, n);
  kernel<SparseXentRows, T>("sparse_xent_rows")(loss.data(), x.data(), labels.data(), rows, n, nullptr);
  kernel<DenseXentRows, T>("dense_xent_rows")(dense.data(), x.data(), target.data(), rows, n);
  kernel<SoftmaxGradRows, T>("softmax_grad_rows")(dx.data(), y.data(), dy.data(), rows, n);
  kernel<SoftmaxGradRows, T>("log_softmax_grad_rows")(dlog.data(), log_y.data(), dy.data(), rows, n);
  kernel<SparseXentGradRows, T>("sparse_xent_grad_rows")(sparse_dx.data(), x.data(), labels.data(),
                                                         dloss.data(), rows, n);
  kernel<DenseXentGradRows, T>("dense_xent_grad_rows")(dense_dx.data(), x.data(), target.data(), dloss.data(),
                                                       rows, n);
  for (int64_t r = 0; r < rows; ++r) {
    const Row row(x.data() + r * n, n);
    const Real span = Real(size) * 2 + std::log(Real(n)) + 1;
    Real dot = 0, total = 0, weight = 0, dense_loss = 0;
    for (int64_t i = 0; i < n; ++i) {
      const size_t at = size_t(r * n + i);
      dot += row.p[size_t(i)] * dy[at], total += dy[at], weight += target[at];
      dense_loss += target[at] * (row.lse - row.x[size_t(i)]);
    }
    for (int64_t i = 0; i < n; ++i) {
      const int64_t at = r * n + i;
      const Real p = row.p[size_t(i)], g = dloss[size_t(r)], d = dy[size_t(at)];
      CHECK(near<T>(y[at], p, p, roundings + span), "softmax at ", i, " of ", n, ": ", y[at], ", expected ",
            p);
      CHECK(near<T>(log_y[at], row.x[size_t(i)] - row.lse, span), "log_softmax at ", i, " of ", n);
      CHECK(near<T>(dx[at], p * (d - dot), p * 2, roundings + span), "softmax_grad at ", i, " of ", n);
      CHECK(near<T>(dlog[at], d - p * total, 1 + p * Real(n), roundings + span), "log_softmax_grad at ", i);
      const Real hot = i == labels[size_t(r)];
      CHECK(near<T>(sparse_dx[at], g * (p - hot), 2 * (p + hot), roundings + span), "sparse_xent_grad at ",
            i);
      const Real part = g * (p * weight - target[size_t(at)]);
      CHECK(near<T>(dense_dx[at], part, 2 * (p * weight + target[size_t(at)]), roundings + span),
            "dense_xent_grad");
    }
    CHECK(near<T>(lse[r], row.lse, span), "logsumexp of ", n, " = ", lse[r], ", expected ", row.lse);
    CHECK(near<T>(loss[r], row.lse - row.x[size_t(labels[size_t(r)])], span), "sparse_xent of ", n);
    CHECK(near<T>(dense[r], dense_loss, span * weight, roundings), "dense_xent of ", n);
  }
  CHECK(y.intact() && log_y.intact() && lse.intact() && loss.intact() && dense.intact() && dx.intact() &&
            dlog.intact() && sparse_dx.intact() && dense_dx.intact(),
        "wrote too far, n = ", n);

  // On the arrays of its inputs.
  auto same = [&](Guarded<T>& got, Guarded<T>& want) {
    return !std::memcmp(got.data(), want.data(), size_t(rows * n) * sizeof(T));
  };
  Guarded<T> a(x);
  kernel<SoftmaxRows, T>("softmax_rows")(a.data(), a.data(), rows, n);
  CHECK(same(a, y), "softmax in place, n = ", n);
  Guarded<T> b(x);
  kernel<SoftmaxRows, T>("log_softmax_rows")(b.data(), b.data(), rows, n);
  CHECK(same(b, log_y), "log_softmax in place, n = ", n);
  kernel<SoftmaxGradRows, T>("softmax_grad_rows")(a.data(), a.data(), dy.data(), rows, n);
  CHECK(same(a, dx), "softmax_grad in place, n = ", n);
  Guarded<T> c(dy);
  kernel<SoftmaxGradRows, T>("log_softmax_grad_rows")(c.data(), log_y.data(), c.data(), rows, n);
  CHECK(same(c, dlog), "log_softmax_grad in place, n = ", n);
  Guarded<T> d(x), e(x), f(target);
  kernel<SparseXentGradRows, T>("sparse_xent_grad_rows")(d.data(), d.data(), labels.data(), dloss.data(),
                                                         rows, n);
  CHECK(same(d, sparse_dx), "sparse_xent_grad in place, n = ", n);
  kernel<DenseXentGradRows, T>("dense_xent_grad_rows")(e.data(), e.data(), target.data(), dloss.data(), rows,
                                                       n);
  CHECK(same(e, dense_dx), "dense_xent_grad over x, n = ", n);
  kernel<DenseXentGradRows, T>("dense_xent_grad_rows")(f.data(), x.data(), f.data(), dloss.data(), rows, n);
  CHECK(same(f, dense_dx), "dense_xent_grad over the targets, n = ", n);
}

TEST(rows_of_every_length) {
  on_every_target([] {
    for (int64_t n = 1; n <= 70; ++n)
      for (double size : {1.0, 40.0}) check_rows<float>(n, size), check_rows<double>(n, size);
    check_rows<float>(1000, 5), check_rows<double>(1000, 5);
  });
}

template <class T>
void check_extremes() {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const auto softmax = kernel<SoftmaxRows, T>("softmax_rows");
  const auto log_softmax = kernel<SoftmaxRows, T>("log_softmax_rows");
  const auto logsumexp = kernel<LogSumExpRows, T>("logsumexp_rows");
  for (int64_t n : {2, 3, 16, 17, 40}) {
    std::vector<T> x(size_t(n), T(-1e30)), y(x), l(x);
    x[1] = T(1e30);
    softmax(y.data(), x.data(), 1, n);
    log_softmax(l.data(), x.data(), 1, n);
    CHECK(y[1] == 1 && y[0] == 0 && l[1] == 0 && l[0] == T(-2e30), "logits of 1e30");
    std::vector<T> equal(size_t(n), T(1e30));
    softmax(y.data(), equal.data(), 1, n);
    CHECK(near<T>(y[0], 1 / Real(n), 1 / Real(n)), "equal logits of 1e30");
    x.assign(size_t(n), -inf);
    T lse = 0;
    softmax(y.data(), x.data(), 1, n);
    logsumexp(&lse, x.data(), 1, n);
    CHECK(std::isnan(y[0]) && lse == -inf, "a row of -inf gives ", y[0], " and ", lse);
    x[0] = T(3);
    softmax(y.data(), x.data(), 1, n);
    logsumexp(&lse, x.data(), 1, n);
    CHECK(y[0] == 1 && y[1] == 0 && lse == T(3), "masked logits");
    std::vector<T> target(size_t(n), T(0));
    target[0] = T(1);
    T loss = 9;
    kernel<DenseXentRows, T>("dense_xent_rows")(&loss, x.data(), target.data(), 1, n);
    CHECK(loss == 0, "masked logits without weight count for 0, not ", loss);
    x[1] = inf;
    logsumexp(&lse, x.data(), 1, n);
    CHECK(lse == inf, "logsumexp with inf");
    x[1] = nan;
    softmax(y.data(), x.data(), 1, n);
    logsumexp(&lse, x.data(), 1, n);
    CHECK(std::isnan(y[0]) && std::isnan(y[size_t(n - 1)]) && std::isnan(lse), "a row with NaN");
  }
}

TEST(extremes) {
  on_every_target([] {
    check_extremes<float>();
    check_extremes<double>();
  });
}

template <class T>
void check_bad_labels() {
  const std::vector<T> x = random_values<T>(40, 1, 3), dloss(4, T(1));
  const std::vector<int64_t> labels = {3, 10, -1, INT64_MIN};
  std::vector<T> loss(4), dx(40);
  int64_t bad = INT64_MAX;
  kernel<SparseXentRows, T>("sparse_xent_rows")(loss.data(), x.data(), labels.data(), 4, 10, &bad);
  CHECK(bad == 1, "the first bad label is in row 1, not ", bad);
  CHECK(std::isfinite(loss[0]) && std::isnan(loss[1]) && std::isnan(loss[2]) && std::isnan(loss[3]),
        "bad labels");
  kernel<SparseXentGradRows, T>("sparse_xent_grad_rows")(dx.data(), x.data(), labels.data(), dloss.data(), 4,
                                                         10);
  CHECK(dx[0] != 0 && dx[10] == 0 && dx[39] == 0, "gradient of bad labels");
}

TEST(bad_labels) {
  on_every_target([] {
    check_bad_labels<float>();
    check_bad_labels<double>();
  });
}

}  // namespace
}  // namespace axone::testing

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
