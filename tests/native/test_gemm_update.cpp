// Adam as the epilogue of a product, which carries it along piece by piece: the bits are those of the product
// followed by the update.
#include <cstring>
#include <random>
#include <vector>

#include "base/buffer.h"
#include "check.h"
#include "cpu/dispatch.h"
#include "cpu/team.h"
#include "kernels/map.h"
#include "ops/gemm.h"

namespace axone {
namespace {

template <class T>
struct State {
  std::vector<T> m, v, w;
  bool operator==(const State& o) const {
    const auto same = [](const std::vector<T>& a, const std::vector<T>& b) {
      return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
    };
    return same(m, o.m) && same(v, o.v) && same(w, o.w);
  }
};

template <class T>
class Adam : public GemmEpilogue {
 public:
  Adam(State<T>* state, GradientForm form, bool carried)
      : state_(*state), pieces_(2 * kGemmPiece), form_(form), carried_(carried) {}
  void begin_part(int64_t) override {}
  void* piece() const override { return const_cast<T*>(pieces_.data()); }
  GradientForm update_form() const override { return carried_ ? form_ : GradientForm::none; }
  void apply(int64_t, int64_t) override { CHECK(false, "there is no C"); }
  void apply(int64_t begin, int64_t count, const void* values) override {
    const void* operands[kUpdateOperands];
    update_operands(begin, values, operands);
    kernel_function<UpdateFunction>(kUpdateNames[size_t(form_)], dtype_of<T>)(operands, count);
    applied += count;
  }
  void update_operands(int64_t begin, const void* values, const void** operands) override {
    T* const state[] = {state_.m.data() + begin, state_.v.data() + begin, state_.w.data() + begin};
    for (int i = 0; i < 3; ++i) operands[kUpdatedM + i] = operands[kOldM + i] = state[i];
    operands[kGradient] = values;
    operands[kOneMinusBeta1] = &numbers_[0], operands[kOneMinusBeta2] = &numbers_[1];
    operands[kEpsilon] = &numbers_[2], operands[kRate] = operands[kGradientNumber] = &numbers_[3];
    operands[kGradientMost] = &numbers_[4];
  }
  int64_t applied = 0;

 private:
  State<T>& state_;
  std::vector<T> pieces_;
  GradientForm form_;
  bool carried_;
  T numbers_[5] = {T(0.1), T(0.001), T(1e-7), T(0.01), T(9)};
};

// The state behind one step, and how many elements were not carried along.
template <class T>
State<T> step(const GemmShape& s, const std::vector<T>& a, const std::vector<T>& b, State<T> state,
              GradientForm form, bool carried, int threads, int64_t* left = nullptr) {
  const Gemm gemm(s);
  CHECK(gemm.hands_over(), s.m, 'x', s.k, 'x', s.n, " does not hand over pieces; ", gemm.algorithm());
  const Buffer scratch(gemm.scratch_bytes(threads) + 64);
  std::vector<int64_t> applied(size_t(threads), 0);
  run_team(threads, [&](const Lane& lane) {
    Adam<T> epilogue(&state, form, carried);
    gemm.run(lane, a.data(), b.data(), nullptr, const_cast<void*>(scratch.data()), &epilogue);
    applied[size_t(lane.index)] = epilogue.applied;
  });
  if (left) *left = applied[0];
  return state;
}

template <class T>
void check(int64_t m, int64_t k, int64_t n, GradientForm form) {
  GemmShape s;
  s.dtype = dtype_of<T>;
  s.m = m, s.k = k, s.n = n;
  s.transpose_a = true;
  std::mt19937 rng(uint32_t(m + n));
  const auto random = [&](int64_t count) {
    std::vector<T> x(static_cast<size_t>(count));
    for (T& e : x) e = T(std::uniform_real_distribution<double>(0, 1)(rng));
    return x;
  };
  const std::vector<T> a = random(m * k), b = random(k * n);
  const State<T> before{random(m * n), random(m * n), random(m * n)};
  const State<T> expected = step(s, a, b, before, form, false, 1);
  CHECK(!(expected == before), "nothing was updated");
  for (int threads : {1, 2, 3})
    CHECK(step(s, a, b, before, form, true, threads) == expected, m, 'x', k, 'x', n, " on ", threads,
          " threads: the update that is carried along differs");
}

TEST(carried_update_has_the_bits_of_one_behind) {
  testing::on_every_target([] {
    for (int64_t m : {97, 128, 784})
      for (int64_t k : {3, 20, 32, 50})
        for (int64_t n : {48, 64, 100, 512}) {
          if (m < 4 * k) continue;
          for (GradientForm form :
               {GradientForm::plain, GradientForm::scaled, GradientForm::penalized, GradientForm::clipped}) {
            check<float>(m, k, n, form);
            check<double>(m, k, n, form);
          }
        }
  });
}

TEST(wide_tiles_carry_all_but_the_last_piece) {
  if (std::string(active_target().name) != "avx512") return;
  GemmShape s;
  s.m = 784, s.k = 32, s.n = 512;
  s.transpose_a = true;
  const std::vector<float> a(size_t(s.m * s.k), 0.5f), b(size_t(s.k * s.n), 0.5f);
  const State<float> zeros{std::vector<float>(size_t(s.m * s.n)), std::vector<float>(size_t(s.m * s.n)),
                           std::vector<float>(size_t(s.m * s.n))};
  for (GradientForm form : {GradientForm::plain, GradientForm::penalized, GradientForm::clipped}) {
    int64_t left;
    step(s, a, b, zeros, form, true, 1, &left);
    CHECK(left <= kGemmPiece, left, " elements of ", s.m * s.n, " were not carried along");
  }
}

}  // namespace
}  // namespace axone

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
