// host_call: any inputs to outputs of given types, by the attribute "function" (a HostFunction); "gradient"
// (a GradientFunction) may give its gradient. custom_gradient: input 0 unchanged; "gradient" gives the
// gradients of all inputs.
#include "ops/host_call.h"

#include <cfenv>

#include "ops/execution.h"
#include "ops/rules.h"

namespace axone {

namespace {

// "types": for each output its dtype's number, its rank and its sizes.
std::vector<TensorType> host_call_type(const OpCall& c) {
  c.attrs.opaque<HostFunction>("function");
  const auto numbers = c.attrs.get<std::vector<int64_t>>("types");
  std::vector<TensorType> types;
  for (size_t i = 0; i < numbers.size();) {
    require(i + 2 <= numbers.size(), c.name(), ": an output's type is cut short");
    const int64_t dtype = numbers[i], rank = numbers[i + 1];
    require(dtype >= 0 && dtype < kDTypeCount && rank >= 0 && size_t(rank) <= numbers.size() - i - 2,
            c.name(), ": an output has no valid type");
    const auto first = numbers.begin() + int64_t(i) + 2;
    types.push_back({DType(dtype), Shape(first, first + rank)});
    for (int64_t d : types.back().shape) require(d >= 0, c.name(), ": an output has a negative size");
    element_count(types.back().shape);
    i += 2 + size_t(rank);
  }
  require(!types.empty(), c.name(), ": expected at least one output");
  return types;
}

std::vector<Sym> gradient_by_function(const GradientCall& g) {
  if (!g.attrs.has("gradient")) return {};
  std::vector<Sym> result = g.attrs.opaque<GradientFunction>("gradient")->run(g);
  require(result.size() == g.inputs.size(), "gradient: expected one gradient for each of ", g.inputs.size(),
          " inputs, got ", result.size());
  for (size_t i = 0; i < result.size(); ++i)
    require(!result[i] || !is_float(g.in(i).dtype()) ||
                result[i].graph().type(result[i].value()) == g.graph.type(g.in(i).value()),
            "gradient: expected ", dtype_name(g.in(i).dtype()), " of shape ", g.in(i).shape(), " for input ",
            i, ", got ", result[i] ? dtype_name(result[i].dtype()) : "", " of shape ",
            result[i] ? result[i].shape() : Shape());
  return result;
}

// The floating-point mode that other code expects: a team runs with subnormals flushed to zero.
class DefaultArithmetic {
 public:
  DefaultArithmetic() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultArithmetic() { std::fesetenv(&saved_); }

 private:
  std::fenv_t saved_;
};

class HostCallInstruction final : public Instruction {
 public:
  explicit HostCallInstruction(const OpCall& c)
      : function_(c.attrs.opaque<HostFunction>("function")), in_(c.inputs), out_(c.outputs) {}

  void run(const Lane&, const Operands& io) const override {
    const DefaultArithmetic guard;
    try {
      function_->run(in_, io.in, out_, io.out);
    } catch (...) {
      io.status->fail(std::current_exception());
    }
  }
  bool serial() const override { return true; }
  bool calls_host() const override { return true; }
  const char* name() const override { return "host_call"; }

 private:
  const std::shared_ptr<const HostFunction> function_;
  const std::vector<TensorType> in_, out_;
};

std::unique_ptr<Instruction> compile_host_call(const OpCall& c) {
  return std::make_unique<HostCallInstruction>(c);
}

std::vector<TensorType> custom_gradient_type(const OpCall& c) {
  require<TypeError>(!c.inputs.empty(), c.name(), ": expected at least one input");
  c.attrs.opaque<GradientFunction>("gradient");
  return {c.in(0)};
}

[[maybe_unused]] const bool registered = [] {
  Op& call = define_op("host_call");
  call.effects = true;
  call.type = host_call_type;
  call.gradient = gradient_by_function;
  define_execution("host_call", compile_host_call);
  Op& custom = define_op("custom_gradient");
  custom.view = true;
  custom.type = custom_gradient_type;
  custom.gradient = gradient_by_function;
  return true;
}();

}  // namespace

}  // namespace axone
