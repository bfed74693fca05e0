// The gradient of a scan. Its body is the body's own gradient; what that needs of the way forward is
// computed again from the step's inputs, but for results of products, reductions and the like, which the
// forward scan is made to keep. A gradient of a constant that is a sum of products over the steps is one
// product behind the scan.
#include <algorithm>
#include <set>

#include "graph/autodiff.h"
#include "ops/rules.h"
#include "ops/scan.h"

namespace axone {

namespace {

// Operations whose results are cheaper to compute again than to keep.
bool is_cheap(const Op& op) {
  static const std::set<std::string> moves{"slice",     "concatenate", "broadcast_to",
                                           "transpose", "pad",         "flip"};
  return op.elementwise || op.view || moves.count(op.name) != 0;
}

class ScanGradient {
 public:
  explicit ScanGradient(const GradientCall& call)
      : call_(call), plan_(call.attrs), joint_(plan_.body->graph), forward_size_(joint_.size()) {}

  std::vector<Sym> run() {
    differentiate();
    mark_dependent();
    for (size_t k = 0; k < plan_.constants; ++k) plan_constant(k);
    collect_outputs();
    for (Value v : outputs_) need(v);
    extend_forward();
    build();
    return results();
  }

 private:
  // One of the terms whose sum over the steps is the gradient of a constant: a^T b, or a sum over axes.
  struct Term {
    Value a, b;
    Axes axes;
  };
  struct Constant {
    Value gradient;           // of one step
    std::vector<Term> terms;  // where all of it can be computed behind the scan
  };

  Value input(size_t i) const { return joint_.inputs()[i]; }
  size_t first_constant() const { return plan_.carries + plan_.steps; }

  void differentiate() {
    std::vector<Value> targets, seeds, sources;
    for (size_t i = 0; i < plan_.body->outputs.size(); ++i) {
      const Value out = plan_.body->outputs[i];
      const bool carried = i < plan_.carries;
      seeds_.push_back({});
      if (!is_float(joint_.dtype(out)) || (!carried && !(i < call_.grads.size() && call_.grad(i)))) continue;
      seeds_.back() = joint_.input(joint_.type(out));
      targets.push_back(out);
      seeds.push_back(seeds_.back());
    }
    const size_t count = plan_.body->graph.inputs().size();
    for (size_t i = 0; i < count; ++i) sources.push_back(input(i));
    found_ = gradients(joint_, targets, sources, seeds);
    for (size_t i = 0; i < plan_.carries; ++i)
      if (seeds_[i] && !found_[i]) found_[i] = zeros_like(Sym(joint_, input(i))).value();
  }

  // Which values change from step to step.
  void mark_dependent() {
    dependent_.assign(size_t(joint_.size()), 0);
    for (size_t i = 0; i < joint_.inputs().size(); ++i)
      if (i < first_constant() || i >= plan_.body->graph.inputs().size())
        dependent_[size_t(input(i).node)] = 1;
    for (int32_t id = 0; id < joint_.size(); ++id)
      for (Value v : joint_.node(id).inputs)
        if (dependent_[size_t(v.node)]) dependent_[size_t(id)] = 1;
  }

  // The terms of a gradient, if it is nothing but a sum of such.
  bool split(Value v, std::vector<Term>* terms) const {
    const Node& n = joint_.node(v);
    if (!n.op || v.node < forward_size_) return false;
    const std::string name = n.op->name;
    if (name == "reshape") return split(n.inputs[0], terms);
    if (name == "add" && joint_.shape(n.inputs[0]) == joint_.shape(n.inputs[1]))
      return split(n.inputs[0], terms) && split(n.inputs[1], terms);
    for (Value in : n.inputs)
      if (!dependent_[size_t(in.node)]) return false;
    if (name == "matmul" && joint_.shape(n.inputs[0]).size() == 2 &&
        n.attrs.get<bool>("transpose_a", false) && !n.attrs.get<bool>("transpose_b", false)) {
      terms->push_back({n.inputs[0], n.inputs[1], {}});
      return true;
    }
    if (name != "sum") return false;
    const size_t rank = joint_.shape(n.inputs[0]).size();
    terms->push_back({n.inputs[0], {}, normalize_axes(n.attrs.get<Axes>("axes"), rank, "sum")});
    return true;
  }

  void plan_constant(size_t k) {
    Constant c{found_[first_constant() + k], {}};
    if (c.gradient && !split(c.gradient, &c.terms)) c.terms.clear();
    constants_.push_back(std::move(c));
  }

  // The backward scan's outputs: gradients of what is carried, sums of gradients of constants, then,
  // stacked, gradients of elements and what the terms need.
  void collect_outputs() {
    for (size_t i = 0; i < plan_.carries; ++i)
      if (seeds_[i]) outputs_.push_back(found_[i]);
    for (const Constant& c : constants_) {
      if (!c.gradient || !c.terms.empty()) continue;
      sums_.push_back(joint_.input(joint_.type(c.gradient)));
      outputs_.push_back(joint_.add("add", {sums_.back(), c.gradient}));
    }
    carried_outputs_ = outputs_.size();
    for (size_t i = plan_.carries; i < first_constant(); ++i)
      if (found_[i]) outputs_.push_back(found_[i]);
    for (const Constant& c : constants_)
      for (const Term& t : c.terms)
        for (Value v : {t.a, t.b})
          if (v && v.node >= forward_size_) stack_position(v);
    for (const Constant& c : constants_)
      for (const Term& t : c.terms)
        for (Value v : {t.a, t.b})
          if (v && v.node < forward_size_) need_stack(v);
  }

  size_t stack_position(Value v) {
    const auto begin = outputs_.begin() + int64_t(carried_outputs_);
    const auto it = std::find(begin, outputs_.end(), v);
    const size_t position = size_t(it - outputs_.begin());
    if (it == outputs_.end()) outputs_.push_back(v);
    return position;
  }

  bool is_element(Value v) const {
    for (size_t i = plan_.carries; i < first_constant(); ++i)
      if (input(i) == v) return true;
    return false;
  }
  void need_stack(Value v) {
    if (!is_element(v)) saved_.insert(v);
  }

  // Marks what the backward body reads of the way forward.
  void need(Value root) {
    std::vector<Value> open{root};
    while (!open.empty()) {
      const Value v = open.back();
      open.pop_back();
      if (saved_.count(v) || !seen_.insert(v).second) continue;
      const Node& n = joint_.node(v);
      const bool forward = v.node < forward_size_;
      if (n.kind == NodeKind::input) {
        const auto& all = joint_.inputs();
        const size_t i = size_t(std::find(all.begin(), all.end(), v) - all.begin());
        if (i < plan_.carries) saved_.insert(v);
      } else if (n.op && forward && dependent_[size_t(v.node)] && !is_cheap(*n.op)) {
        saved_.insert(v);
      } else {
        for (Value in : n.inputs) open.push_back(in);
      }
    }
  }

  // Makes the forward scan stack what is saved.
  void extend_forward() {
    std::vector<Value> outputs = plan_.body->outputs;
    const size_t before = outputs.size();
    const int32_t id = call_.out().value().node;
    std::vector<TensorType> more;
    for (Value v : saved_) {
      const auto begin = outputs.begin() + int64_t(plan_.carries);
      const auto it = std::find(begin, outputs.end(), v);
      const int32_t position = int32_t(it - outputs.begin());
      if (it == outputs.end()) {
        outputs.push_back(v);
        more.push_back(stacked_type(joint_.type(v), plan_.length));
      }
      stacks_[v] = Sym(call_.graph, Value{id, position});
    }
    if (outputs.size() == before) return;
    Attrs attrs = call_.attrs;
    attrs.set("body", std::shared_ptr<const Opaque>(std::make_shared<ScanBody>(plan_.body->graph, outputs)));
    call_.graph.extend(id, attrs, more);
  }

  void build() {
    Graph back;
    std::map<Value, Value> known;
    std::vector<Value> in;
    auto take = [&](Value v, const Sym& outer) {
      known[v] = back.input(joint_.type(v));
      in.push_back(outer.value());
    };
    for (size_t i = 0; i < plan_.carries; ++i)
      if (seeds_[i]) take(seeds_[i], call_.grad(i) ? call_.grad(i) : zeros_like(call_.in(i)));
    for (Value v : sums_) take(v, outer_zeros(joint_.type(v)));
    const size_t carries = in.size();
    for (size_t i = plan_.carries; i < first_constant(); ++i)
      if (seen_.count(input(i))) take(input(i), call_.in(i));
    for (size_t i = plan_.carries; i < seeds_.size(); ++i)
      if (seeds_[i]) take(seeds_[i], call_.grad(i));
    for (Value v : saved_)
      if (!is_element(v)) take(v, stacks_.at(v));
    const size_t steps = in.size() - carries;
    for (size_t i = first_constant(); i < plan_.body->graph.inputs().size(); ++i)
      if (seen_.count(input(i))) take(input(i), call_.in(i));
    std::vector<Value> outputs = copy_values(joint_, outputs_, back, &known);
    auto body = std::make_shared<ScanBody>(std::move(back), std::move(outputs));
    back_ = Sym(call_.graph, call_.graph.add("scan", std::move(in),
                                             {{"body", std::shared_ptr<const Opaque>(body)},
                                              {"carries", int64_t(carries)},
                                              {"steps", int64_t(steps)},
                                              {"length", plan_.length},
                                              {"reverse", !plan_.reverse}}));
  }

  Sym outer_zeros(const TensorType& type) const {
    return broadcast_to({call_.graph, call_.graph.constant(type.dtype, 0)}, type.shape);
  }

  std::vector<Sym> results() {
    std::vector<Sym> out;
    int32_t next = 0;
    for (size_t i = 0; i < plan_.carries; ++i) out.push_back(seeds_[i] ? back_.output(next++) : Sym());
    const int32_t sums = next;
    next = int32_t(carried_outputs_);
    for (size_t i = plan_.carries; i < first_constant(); ++i)
      out.push_back(found_[i] ? back_.output(next++) : Sym());
    next = sums;
    for (const Constant& c : constants_) {
      if (!c.gradient)
        out.emplace_back();
      else
        out.push_back(c.terms.empty() ? back_.output(next++) : total(c));
    }
    return out;
  }

  // A constant's gradient from its terms: over all steps at once.
  Sym total(const Constant& c) {
    Sym sum_of_terms;
    const Shape shape = joint_.shape(c.gradient);
    for (const Term& t : c.terms) {
      const Sym a = stack_of(t.a);
      Sym term;
      if (t.b) {
        const Sym b = stack_of(t.b);
        // In the order of the steps: steps of zeros at the end change nothing.
        term = rows(a).apply("matmul", {rows(b)},
                             {{"transpose_a", true}, {"transpose_b", false}, {"samples", int64_t(1)}});
      } else {
        Axes axes{0};
        for (int64_t axis : t.axes) axes.push_back(axis + 1);
        term = sum(a, axes);
      }
      term = reshape(term, shape);
      sum_of_terms = sum_of_terms ? sum_of_terms + term : term;
    }
    return sum_of_terms;
  }
  // (length, rows, columns) as one tall matrix.
  static Sym rows(const Sym& stack) {
    const Shape s = stack.shape();
    return reshape(stack, {s[0] * s[1], s[2]});
  }
  Sym stack_of(Value v) {
    for (size_t i = plan_.carries; i < first_constant(); ++i)
      if (input(i) == v) return call_.in(i);
    if (v.node < forward_size_) return stacks_.at(v);
    return back_.output(int32_t(stack_position(v)));
  }

  const GradientCall& call_;
  const ScanPlan plan_;
  Graph joint_;  // the body, and its gradient
  const int32_t forward_size_;
  std::vector<Value> seeds_, found_, sums_, outputs_;
  std::vector<char> dependent_;
  std::vector<Constant> constants_;
  size_t carried_outputs_ = 0;
  std::set<Value> saved_, seen_;
  std::map<Value, Sym> stacks_;
  Sym back_;
};

}  // namespace

std::vector<Sym> scan_gradient(const GradientCall& call) {
  return ScanGradient(call).run();
}

}  // namespace axone
