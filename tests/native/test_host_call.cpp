// Host calls: values, effects, errors that end a run on every lane, re-entrance, gradients from outside.
#include "ops/host_call.h"

#include <cstring>

#include "check.h"
#include "cpu/team.h"
#include "graph/autodiff.h"
#include "runtime/program.h"

using namespace axone;

namespace {

constexpr int64_t kSize = 300;  // matrices of that size are worth a team
const TensorType kMatrix{DType::f32, {kSize, kSize}};

// y = 2 x, counting its calls; throws where told to.
struct Twice final : HostFunction {
  mutable int calls = 0;
  mutable bool fails = false;
  mutable Program* own = nullptr;

  void run(const std::vector<TensorType>& in, const void* const* x, const std::vector<TensorType>&,
           void* const* y) const override {
    ++calls;
    if (fails) throw std::runtime_error("ours");
    std::vector<float> scratch(kSize * kSize);
    if (own) own->run({scratch.data()}, {scratch.data()});
    for (int64_t i = 0; i < element_count(in[0].shape); ++i)
      static_cast<float*>(y[0])[i] = 2 * static_cast<const float*>(x[0])[i];
  }
};

struct SlopeTwo final : GradientFunction {
  std::vector<Sym> run(const GradientCall& g) const override { return {g.grad() * 2.0}; }
};

Attrs attrs_of(std::shared_ptr<const HostFunction> function, bool effects = false) {
  return {{"function", std::shared_ptr<const Opaque>(std::move(function))},
          {"gradient", std::shared_ptr<const Opaque>(std::make_shared<SlopeTwo>())},
          {"types", std::vector<int64_t>{int64_t(kMatrix.dtype), 2, kSize, kSize}},
          {"effects", effects}};
}

Tensor eye() {
  Tensor t(kMatrix);
  std::memset(t.data(), 0, t.bytes());
  for (int64_t i = 0; i < kSize; ++i) static_cast<float*>(t.data())[i * (kSize + 1)] = 1;
  return t;
}

bool throws_ours(Program& program, const Tensor& x, const Tensor& y) {
  try {
    program.run({x.data()}, {y.data()});
  } catch (const std::runtime_error& e) {
    return !std::strcmp(e.what(), "ours");
  }
  return false;
}

void check_errors() {
  auto twice = std::make_shared<Twice>();
  Graph g;
  const Tensor state = eye(), x = eye();
  const Value in = g.input(kMatrix);
  const Value called = g.add("host_call", {g.add("matmul", {in, in})}, attrs_of(twice));
  const Value product = g.add("matmul", {called, in});
  g.assign(state, g.add("add", {g.variable(state), product}));
  Program program(g, {product});
  Tensor y(kMatrix);
  for (int i = 0; i < 20; ++i) {
    twice->fails = i % 2 == 0;
    if (twice->fails)
      CHECK(throws_ours(program, x, y), "the error got lost");
    else
      program.run({x.data()}, {y.data()});
  }
  CHECK(twice->calls == 20, "calls: ", twice->calls);
  const float sum = static_cast<float*>(state.data())[0];
  CHECK(sum == 1 + 10 * 2, "a run that failed changed the variable: ", sum);
  twice->own = &program;
  bool refused = false;
  try {
    program.run({x.data()}, {y.data()});
  } catch (const ValueError&) {
    refused = true;
  }
  CHECK(refused, "a program ran inside itself");
}

void check_effects() {
  auto pure = std::make_shared<Twice>(), effect = std::make_shared<Twice>();
  Graph g;
  const Value in = g.input(kMatrix);
  for (int i = 0; i < 2; ++i) {
    g.add("host_call", {in}, attrs_of(effect, true));
    g.add("host_call", {in}, attrs_of(pure));
  }
  Program program(g, {g.add("neg", {in})});
  const Tensor x = eye(), y(kMatrix);
  program.run({x.data()}, {y.data()});
  CHECK(effect->calls == 2 && pure->calls == 0, "calls: ", effect->calls, " and ", pure->calls);
}

void check_gradient() {
  Graph g;
  const Value in = g.input(kMatrix);
  const Value y = g.add("host_call", {in}, attrs_of(std::make_shared<Twice>()));
  Program program(g, {gradients(g, {y}, {in}, {})[0]});
  const Tensor x = eye(), d(kMatrix);
  program.run({x.data()}, {d.data()});
  CHECK(static_cast<float*>(d.data())[1] == 2, "gradient ", static_cast<float*>(d.data())[1]);
}

}  // namespace

TEST(host_call) {
  for (int threads : {1, 2, 4}) {
    set_num_threads(threads);
    check_errors();
    check_effects();
    check_gradient();
  }
}

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
