// Programs against the same graph run node by node: grouping, epilogues, in-place updates and the memory plan
// must change nothing but speed.
#include <cmath>
#include <map>
#include <random>

#include "check.h"
#include "cpu/team.h"
#include "graph/autodiff.h"
#include "graph/op.h"
#include "run_program.h"
#include "runtime/eager.h"
#include "runtime/memory_plan.h"

using namespace axone;
using axone::testing::at;
using axone::testing::fail;
using axone::testing::run;

namespace {

#define EXPECT(condition, ...) \
  if (!(condition)) fail(__FILE__, __LINE__, text(__VA_ARGS__))

Tensor random_tensor(const TensorType& type, std::mt19937& rng) {
  Tensor t(type);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int64_t i = 0; i < t.size(); ++i)
    dispatch(type.dtype, [&](auto* p) {
      using T = std::remove_pointer_t<decltype(p)>;
      static_cast<T*>(t.data())[i] = T(uniform(rng) * (is_float(type.dtype) ? 1 : 3));
    });
  return t;
}

Tensor copy(const Tensor& t) {
  Tensor c(t.type());
  if (t.bytes()) std::memcpy(c.data(), t.data(), t.bytes());
  return c;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  double most = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    const double x = at(a, i), y = at(b, i);
    if (x != y && !(std::isnan(x) && std::isnan(y)))
      most =
          std::max(most, std::fabs(x - y) / (1 + std::fabs(x)) + (std::isnan(x) != std::isnan(y) ? 1e9 : 0));
  }
  return most;
}

// Values of a graph, one node at a time.
class Interpreter {
 public:
  Interpreter(const Graph& graph, std::vector<Tensor> inputs) : graph_(graph), inputs_(std::move(inputs)) {}

  Tensor value(Value v) {
    auto it = known_.find(v);
    if (it != known_.end()) return it->second;
    const Node& n = graph_.node(v);
    if (n.kind == NodeKind::input) {
      for (size_t i = 0; i < inputs_.size(); ++i)
        if (graph_.inputs()[i] == v) return inputs_[i];
    } else if (n.kind != NodeKind::operation) {
      return known_[v] = copy(n.data);
    }
    std::vector<Tensor> in;
    for (Value i : n.inputs) in.push_back(value(i));
    const std::vector<Tensor> out = run_eagerly(n.op->name, in, n.attrs);
    for (size_t k = 0; k < out.size(); ++k) known_[{v.node, int32_t(k)}] = out[k];
    return known_[v];
  }

 private:
  const Graph& graph_;
  std::vector<Tensor> inputs_;
  std::map<Value, Tensor> known_;
};

// A random graph over 2-D values of few sizes, so that operations meet operands that fit.
class RandomGraph {
 public:
  // large: of sizes that a team shares.
  explicit RandomGraph(unsigned seed, bool large = false) : rng_(seed), large_(large) {
    for (int i = 0; i < 2; ++i) inputs_.push_back(random_tensor({DType::f32, shape()}, rng_));
    for (int i = 0; i < 3; ++i) variables_.push_back(random_tensor({DType::f32, shape()}, rng_));
    for (const Tensor& t : inputs_) values_.push_back(graph_.input(t.type()));
    for (const Tensor& t : variables_) values_.push_back(graph_.variable(t));
    values_.push_back(graph_.constant(DType::f32, 0.5));
    const int count = 5 + int(rng_() % 40);
    for (int i = 0; i < count; ++i) grow();
    for (const Tensor& t : variables_)
      for (int attempt = 0; attempt < 20; ++attempt) {
        const Value v = pick();
        if (rng_() % 4 == 0 || graph_.type(v) != t.type()) continue;
        graph_.assign(t, v);
        break;
      }
    for (int i = 0; i < 3; ++i) outputs_.push_back(pick());
    outputs_.push_back(values_.back());
  }

  void check() {
    std::vector<Tensor> expected, after;
    Interpreter reference(graph_, inputs_);
    for (Value v : outputs_) expected.push_back(copy(reference.value(v)));
    for (const auto& [storage, v] : graph_.assigned()) after.push_back(copy(reference.value(v)));
    Program program(graph_, outputs_);
    const std::vector<Tensor> got = run(program, inputs_);
    for (size_t k = 0; k < got.size(); ++k)
      EXPECT(largest_difference(expected[k], got[k]) < 1e-4, "output ", k, " differs by ",
             largest_difference(expected[k], got[k]), "\n", program.describe());
    for (size_t k = 0; k < after.size(); ++k)
      EXPECT(largest_difference(after[k], graph_.assigned()[k].first) < 1e-4, "variable ", k, " differs by ",
             largest_difference(after[k], graph_.assigned()[k].first), "\n", program.describe());
  }

  // Outputs and variables of some runs in a row.
  std::vector<Tensor> states(int threads, int runs) {
    set_num_threads(threads);
    std::vector<Tensor> before, all;
    for (const Tensor& t : variables_) before.push_back(copy(t));
    Program program(graph_, outputs_);
    for (int i = 0; i < runs; ++i) {
      for (const Tensor& t : run(program, inputs_)) all.push_back(t);
      for (const Tensor& t : variables_) all.push_back(copy(t));
    }
    for (size_t i = 0; i < variables_.size(); ++i)
      std::memcpy(variables_[i].data(), before[i].data(), before[i].bytes());
    set_num_threads(2);
    return all;
  }

 private:
  Shape shape() {
    static const int64_t sizes[2][4] = {{1, 3, 17, 40}, {1, 8, 130, 300}};
    return {sizes[large_][rng_() % 4], sizes[large_][rng_() % 4]};
  }
  Value pick() { return values_[rng_() % values_.size()]; }

  void grow() {
    static const char* const unary[] = {"relu", "tanh", "neg", "sigmoid", "square"};
    static const char* const binary[] = {"add", "subtract", "multiply", "maximum"};
    const Value a = pick(), b = pick();
    try {
      switch (rng_() % 8) {
        case 0:
        case 1:
          return values_.push_back(graph_.add(unary[rng_() % 5], {a}));
        case 2:
        case 3:
        case 4:
          return values_.push_back(graph_.add(binary[rng_() % 4], {a, b}));
        case 5:
          return values_.push_back(graph_.add("matmul", {a, b}));
        case 6:
          return values_.push_back(sum({graph_, a}, {int64_t(rng_() % 2)}, true).value());
        default:
          if (graph_.shape(a).size() == 2)
            values_.push_back(reshape({graph_, a}, {graph_.shape(a)[1], graph_.shape(a)[0]}).value());
      }
    } catch (const Error&) {  // shapes that do not fit: another try comes
    }
  }

  std::mt19937 rng_;
  const bool large_;
  Graph graph_;
  std::vector<Tensor> inputs_, variables_;
  std::vector<Value> values_, outputs_;
};

}  // namespace

TEST(random_graphs_run_as_programs_as_they_do_node_by_node) {
  for (unsigned seed = 0; seed < 4000; ++seed) {
    RandomGraph(seed).check();
    if (axone::testing::failures()) return fail(__FILE__, __LINE__, text("first failing seed ", seed));
  }
}

// Lanes wait for each other only where one needs what another does.
TEST(random_graphs_have_the_same_bits_on_every_team) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    RandomGraph graph(seed, true);
    const std::vector<Tensor> expected = graph.states(1, 4);
    for (int threads : {2, 3, 4}) {
      const std::vector<Tensor> got = graph.states(threads, 4);
      for (size_t k = 0; k < got.size(); ++k)
        if (got[k].bytes() && std::memcmp(got[k].data(), expected[k].data(), got[k].bytes()) != 0)
          return fail(__FILE__, __LINE__, text("seed ", seed, ", ", threads, " threads, value ", k));
    }
  }
}

// The chains that the peephole rules of tile programs rewrite, every way round.
TEST(joined_steps_compute_what_the_steps_did) {
  std::mt19937 rng(11);
  for (DType dtype : {DType::f32, DType::f64}) {
    std::vector<Tensor> in;
    for (int i = 0; i < 4; ++i) in.push_back(random_tensor({dtype, {7, 53}}, rng));
    Graph g;
    const Sym a(g, g.input(in[0].type())), b(g, g.input(in[1].type())), c(g, g.input(in[2].type()));
    const Sym v(g, g.input(in[3].type()));
    const Sym root = (v * v + 0.1).apply("sqrt");
    const std::vector<Sym> chains = {
        a * b + c,
        c + a * b,
        a * b - c,
        c - a * b,
        a.apply("square") + c,
        c + a.apply("square"),
        a.apply("square") - c,
        a + (b - a) * c,
        (b - a) * c + a,
        c * (b - a) + a,
        a + (b * b - a) * c,
        a + c * (b.apply("square") - a),
        (b * c - a) * b + a,
        (b - c) * a + a,
        a / (root + 0.5),
        a / (0.5 + root),
        (root + 0.5) / (b * b + 1.0),
        a * b + a * b,
    };
    std::vector<Value> outputs;
    for (const Sym& s : chains) outputs.push_back(s.value());
    Interpreter reference(g, in);
    for (size_t k = 0; k < outputs.size(); ++k) {
      const Tensor expected = reference.value(outputs[k]);
      Program program(g, {outputs[k]});
      const double difference = largest_difference(expected, run(program, in)[0]);
      EXPECT(difference < (dtype == DType::f32 ? 1e-5 : 1e-13), "chain ", k, " differs by ", difference);
    }
  }
}

// Adam's update of a weight stands behind the product that gives its gradient, which is handed over in
// pieces; its four steps are one kernel.
TEST(updates_run_behind_the_gradients_product) {
  std::mt19937 rng(12);
  struct Sizes {
    int64_t batch, rows, columns;
  };
  for (DType dtype : {DType::f32, DType::f64})
    for (const Sizes& s : {Sizes{1, 1, 1},
                           {5, 3, 7},
                           {32, 97, 33},
                           {32, 130, 10},
                           {300, 200, 10},
                           {8, 40, 9000},
                           {32, 257, 129},
                           {70, 16, 64},
                           {32, 512, 256}})
      for (int threads : {1, 2, 3}) {
        set_num_threads(threads);
        const std::vector<Tensor> in = {random_tensor({dtype, {s.batch, s.rows}}, rng),
                                        random_tensor({dtype, {s.batch, s.columns}}, rng)};
        std::vector<Tensor> state;  // weight, mean, mean of squares
        for (int i = 0; i < 3; ++i) state.push_back(random_tensor({dtype, {s.rows, s.columns}}, rng));
        for (int64_t i = 0; i < state[2].size(); ++i)
          dispatch(dtype, [&](auto* p) {
            auto& x = static_cast<decltype(p)>(state[2].data())[i];
            if constexpr (std::is_floating_point_v<std::remove_pointer_t<decltype(p)>>) x *= x;
          });
        const Tensor rate = random_tensor({dtype, {}}, rng);
        Graph g;
        const Sym x(g, g.input(in[0].type())), dy(g, g.input(in[1].type()));
        const Sym w(g, g.variable(state[0])), m(g, g.variable(state[1])), v(g, g.variable(state[2]));
        const Sym product = x.apply("matmul", {dy}, {{"transpose_a", true}, {"transpose_b", false}});
        const Sym gradient = threads == 3 ? product.apply("maximum", {w}) * 0.5 : product;
        const Sym mean = m + (gradient - m) * 0.1, squares = v + (gradient * gradient - v) * 0.001;
        // The other form has a step more, and stays a chain.
        const Sym second = threads != 2 ? squares : squares + 0.5;
        const Sym step = mean / (second.apply("sqrt") + 1e-3), r(g, g.variable(rate));
        g.assign(state[1], mean.value());
        g.assign(state[2], squares.value());
        g.assign(state[0], (w - (s.rows % 2 ? r * step : step * r)).value());
        Interpreter reference(g, in);
        std::vector<Tensor> expected;
        for (const auto& [storage, value] : g.assigned()) expected.push_back(copy(reference.value(value)));
        Program program(g, {});
        run(program, in);
        for (size_t k = 0; k < expected.size(); ++k) {
          const double difference = largest_difference(expected[k], g.assigned()[k].first);
          EXPECT(difference < (dtype == DType::f32 ? 2e-4 : 1e-11), "variable ", k, " of ", s.batch, "x",
                 s.rows, "x", s.columns, " differs by ", difference, "\n", program.describe());
        }
      }
  set_num_threads(2);
}

TEST(equal_nodes_are_made_once) {
  Graph g;
  const Value x = g.input({DType::f32, {3}});
  EXPECT(g.add("exp", {x}) == g.add("exp", {x}), "two nodes for one value");
  EXPECT(g.constant(DType::f32, 2) == g.constant(DType::f32, 2), "two constants for one number");
  EXPECT(g.add("add", {x, g.constant(DType::f32, 0)}) == x, "x + 0 is x");
}

TEST(shape_errors_name_the_operation_and_the_shapes) {
  Graph g;
  const Value a = g.input({DType::f32, {2, 3}}), b = g.input({DType::f32, {4, 5}});
  for (const char* op : {"add", "matmul"}) {
    try {
      g.add(op, {a, b});
      fail(__FILE__, __LINE__, text(op, " accepted shapes that do not fit"));
    } catch (const ValueError& e) {
      const std::string message = e.what();
      EXPECT(message.find(op) != std::string::npos && message.find("(2, 3)") != std::string::npos, message);
    }
  }
}

TEST(swapped_variables_change_places) {
  Tensor a = scalar_of(DType::f32, 1), b = scalar_of(DType::f32, 2);
  Graph g;
  const Value va = g.variable(a), vb = g.variable(b);
  g.assign(a, vb);
  g.assign(b, va);
  Program p(g, {va, vb});
  const auto out = run(p, {});
  EXPECT(*static_cast<float*>(a.data()) == 2 && *static_cast<float*>(b.data()) == 1, "not swapped");
  EXPECT(*static_cast<float*>(out[0].data()) == 1 && *static_cast<float*>(out[1].data()) == 2,
         "outputs are the values at the start");
}

TEST(blocks_in_use_together_never_overlap) {
  std::mt19937 rng(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> blocks(1 + rng() % 40);
    for (Lifetime& b : blocks) {
      b.bytes = 1 + rng() % 1000;
      b.first = int32_t(rng() % 30);
      b.last = b.first + int32_t(rng() % 10);
    }
    const size_t total = plan_memory(blocks);
    for (size_t i = 0; i < blocks.size(); ++i) {
      EXPECT(blocks[i].offset % 64 == 0 && blocks[i].offset + blocks[i].bytes <= total,
             "block outside the arena");
      for (size_t j = 0; j < i; ++j) {
        const Lifetime &x = blocks[i], &y = blocks[j];
        const bool together = x.first <= y.last && y.first <= x.last;
        const bool apart = x.offset + x.bytes <= y.offset || y.offset + y.bytes <= x.offset;
        EXPECT(!together || apart, "blocks ", i, " and ", j, " overlap");
      }
    }
  }
}

TEST(steps_gather_rows_of_every_type_and_layout) {
  Graph g;
  const Value x = g.input({DType::f32, {2, 3}});
  Program p(g, {g.add("neg", {x})});
  const auto check_type = [&](auto zero, SourceType type) {
    using T = decltype(zero);
    std::vector<T> data(5 * 3 * 2);
    for (size_t i = 0; i < data.size(); ++i) data[i] = T(i);
    std::vector<float> collected(4 * 3);
    const std::vector<int64_t> order = {4, 0, 3, 3};
    Program::Steps steps;
    // Every second element of a row: a layout that is not dense.
    steps.sources = {
        {reinterpret_cast<const char*>(data.data()), type, {5, 3}, {6 * sizeof(T), 2 * sizeof(T)}}};
    steps.order = order.data(), steps.order_size = 4, steps.batch = 2, steps.first = 0, steps.count = 2;
    steps.budget = 1e9;
    steps.collect = {collected.data()}, steps.collect_bytes = {2 * 3 * 4};
    EXPECT(p.run_steps(steps) == 2, "not all steps were done");
    for (int r = 0; r < 4; ++r)
      for (int c = 0; c < 3; ++c) {
        const float expected = -float(order[size_t(r)] * 6 + c * 2);
        EXPECT(collected[size_t(r * 3 + c)] == expected, "row ", r, " column ", c, ": ",
               collected[size_t(r * 3 + c)]);
      }
  };
  check_type(float(), SourceType::f32);
  check_type(double(), SourceType::f64);
  check_type(int8_t(), SourceType::i8);
  check_type(int16_t(), SourceType::i16);
  check_type(int32_t(), SourceType::i32);
  check_type(int64_t(), SourceType::i64);
  check_type(uint8_t(), SourceType::u8);
  check_type(uint16_t(), SourceType::u16);
  check_type(uint32_t(), SourceType::u32);
  check_type(uint64_t(), SourceType::u64);
}

TEST(steps_refuse_rows_that_are_not_there) {
  Graph g;
  Program p(g, {g.add("neg", {g.input({DType::f32, {1, 1}})})});
  const float data[2] = {1, 2};
  const int64_t order[1] = {2};
  Program::Steps steps;
  steps.sources = {{reinterpret_cast<const char*>(data), SourceType::f32, {2, 1}, {4, 4}}};
  steps.order = order, steps.order_size = 1, steps.batch = 1, steps.count = 1, steps.budget = 1;
  try {
    p.run_steps(steps);
    fail(__FILE__, __LINE__, "row 2 of 2 was accepted");
  } catch (const IndexError&) {
  }
}

TEST(bits_do_not_depend_on_the_number_of_threads) {
  std::mt19937 rng(3);
  Graph g;
  const Tensor w = random_tensor({DType::f32, {301, 257}}, rng),
               x = random_tensor({DType::f32, {67, 301}}, rng);
  const Sym input{g, g.input(x.type())};
  const Sym y = (input.apply("matmul", {{g, g.variable(w)}}).apply("tanh")).apply("square");
  const Sym loss = sum(y, {0, 1});
  const Value dw = gradients(g, {loss.value()}, {g.variable(w)}, {})[0];
  Program p(g, {loss.value(), dw});
  std::vector<Tensor> first;
  for (int threads : {1, 2, 3, 4}) {
    set_num_threads(threads);
    std::vector<Tensor> out = run(p, {x});
    if (first.empty()) first = out;
    for (size_t k = 0; k < out.size(); ++k)
      EXPECT(!std::memcmp(out[k].data(), first[k].data(), out[k].bytes()), "output ", k, " differs on ",
             threads);
  }
}

TEST(a_step_allocates_nothing_after_the_first) {
  std::mt19937 rng(5);
  Graph g;
  const Tensor w = random_tensor({DType::f32, {64, 64}}, rng),
               x = random_tensor({DType::f32, {256, 64}}, rng);
  const Sym y = Sym(g, g.input({DType::f32, {32, 64}})).apply("matmul", {{g, g.variable(w)}});
  const Value loss = sum(y * y, {0, 1}).value();
  const Sym dw(g, gradients(g, {loss}, {g.variable(w)}, {})[0]);
  g.assign(w, (Sym(g, g.variable(w)) - dw * 1e-5).value());
  Program p(g, {loss});
  Program::Steps steps;
  steps.sources = {{static_cast<const char*>(x.data()), SourceType::f32, {256, 64}, {256, 4}}};
  steps.order_size = 256, steps.batch = 32, steps.count = 1, steps.budget = 1;
  p.run_steps(steps);
  const size_t before = Buffer::allocations();
  steps.count = 8;
  EXPECT(p.run_steps(steps) == 8, "not all steps were done");
  EXPECT(Buffer::allocations() == before, Buffer::allocations() - before, " allocations");
}

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
