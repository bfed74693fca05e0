// Operations refuse operands that do not fit, whatever the layers above have looked at: a kernel would read
// past its operands.
#include "check.h"
#include "graph/op.h"

using namespace axone;

namespace {

struct Wrong {
  const char* op;
  std::vector<TensorType> inputs;
  Attrs attrs;
  const char* message;
};

Attrs conv_attrs(int64_t groups = 1) {
  return {{"strides", Axes{1, 1}},
          {"dilation", Axes{1, 1}},
          {"pad_lo", Axes{0, 0}},
          {"pad_hi", Axes{0, 0}},
          {"groups", groups}};
}

Attrs pool_attrs(int64_t window, int64_t pad) {
  return {{"window", Axes{window, window}},
          {"strides", Axes{1, 1}},
          {"pad_lo", Axes{pad, pad}},
          {"pad_hi", Axes{pad, pad}}};
}

TensorType f32(const Shape& shape) {
  return {DType::f32, shape};
}
TensorType i32(const Shape& shape) {
  return {DType::i32, shape};
}

std::vector<Wrong> wrong_calls() {
  const Attrs kernel = [] {
    Attrs a = conv_attrs();
    a.set("input_shape", Shape{1, 5, 5, 4});
    return a;
  }();
  return {
      {"conv", {f32({1, 5, 5, 4}), f32({3, 3, 3, 2})}, conv_attrs(), "expected a kernel for 4 channels"},
      {"conv", {f32({1, 5, 5, 4}), f32({3, 3, 4, 2})}, conv_attrs(2), "expected a kernel for 2 channels"},
      {"conv", {f32({1, 5, 5, 4}), f32({3, 3, 4, 3})}, conv_attrs(3), "3 groups do not divide"},
      {"conv", {f32({1, 5, 5, 4}), f32({3, 4, 2})}, conv_attrs(), "expected a kernel of 4 axes"},
      {"conv", {f32({1, 5, 5, 4}), f32({6, 3, 4, 2})}, conv_attrs(), "a kernel of size 6"},
      {"conv_input_grad",
       {f32({1, 3, 4, 2}), f32({3, 3, 4, 2})},
       kernel,
       "expected the gradient of an output of shape"},
      {"max_pool", {f32({1, 5, 5, 4})}, pool_attrs(6, 0), "does not fit"},
      {"max_pool", {f32({1, 5, 5, 4})}, pool_attrs(2, 2), "holds a whole window"},
      {"scatter_sum",
       {i32({3}), f32({2, 4})},
       {{"axis", int64_t(0)}, {"size", int64_t(5)}},
       "do not hold indices of shape"},
      {"scatter_sum", {f32({3}), f32({3, 4})}, {{"axis", int64_t(0)}, {"size", int64_t(5)}}, "indices"},
      {"row_totals", {i32({3}), f32({2, 4})}, {{"size", int64_t(5)}}, "do not hold indices of shape"},
      {"lstm",
       {f32({2, 3, 16}), f32({4, 16}), f32({2, 4}), f32({2, 4}), {DType::b8, {2, 5}}},
       {{"reverse", false}, {"bias", false}, {"mask", true}, {"keep", false}},
       "the mask must have shape"},
      {"lstm",
       {f32({2, 3, 16}), f32({4, 16}), f32({2, 4}), f32({2, 4}), f32({2, 3})},
       {{"reverse", false}, {"bias", false}, {"mask", true}, {"keep", false}},
       "the mask must be bool"},
      {"matmul", {f32({2, 3}), f32({4, 5})}, {}, "matmul"},
      {"concat", {f32({2, 3}), f32({3, 3})}, {{"axis", int64_t(1)}}, "concat"},
      {"reshape", {f32({2, 3})}, {{"shape", Shape{7}}}, "reshape"},
  };
}

}  // namespace

TEST(operands_that_do_not_fit_are_refused) {
  for (const Wrong& w : wrong_calls()) {
    Graph graph;
    std::vector<Value> in;
    for (const TensorType& t : w.inputs) in.push_back(graph.input(t));
    std::string said = "nothing";
    try {
      graph.add(w.op, in, w.attrs);
    } catch (const std::exception& e) {
      said = e.what();
    }
    CHECK(said.find(w.message) != std::string::npos && said.find(w.op) != std::string::npos, w.op,
          ": expected '", w.message, "', got: ", said);
  }
}

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
