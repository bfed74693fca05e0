// Two steps of a tile program in one: a * b + c, with an activation, and the moving averages and quotients of
// adaptive optimizers. A tile passes through the first-level cache once less with each.
#include <algorithm>
#include <cstring>
#include <limits>

#include "ops/tile_program.h"

namespace axone {

namespace {

// outer(.., inner(A, B, C), ..) becomes fused(operands). `side` is the outer operand ('a', 'b' or 'c') that
// the inner step computes. Capital letters are the inner step's operands, small ones the outer step's.
// `equal` lists pairs of operands that must be the same value.
struct Rule {
  const char* outer;
  char side;
  const char* inner;
  const char* fused;
  const char* operands;
  const char* equal;
};

constexpr Rule kRules[] = {
    {"add", 'a', "multiply", "fma", "ABb", ""},
    {"add", 'b', "multiply", "fma", "ABa", ""},
    {"subtract", 'a', "multiply", "fms", "ABb", ""},
    {"subtract", 'b', "multiply", "fnma", "ABa", ""},
    {"subtract", 'a', "square", "fms", "AAb", ""},
    {"add", 'a', "square", "fma", "AAb", ""},
    {"add", 'b', "square", "fma", "AAa", ""},
    {"fma", 'a', "subtract", "lerp", "cAb", "Bc"},
    {"fma", 'b', "subtract", "lerp", "cAa", "Bc"},
    {"fma", 'a', "fms", "lerp_square", "cAb", "CcAB"},
    {"fma", 'b', "fms", "lerp_square", "cAa", "CcAB"},
    {"add", 'a', "sqrt", "root_plus", "Ab", ""},
    {"divide", 'b', "root_plus", "over_root", "aAB", ""},
    {"relu", 'a', "fma", "fma_relu", "ABC", ""},
    {"relu6", 'a', "fma", "fma_relu6", "ABC", ""},
};

}  // namespace

void TileProgram::fuse_steps() {
  const auto uses = [&](int16_t slot) {
    int n = 0;
    for (const Step& s : steps_) n += (s.a == slot) + (s.b == slot) + (s.c == slot);
    return n;
  };
  const auto operand = [](const Step& outer, const Step& inner, char c) {
    switch (c) {
      case 'a':
        return outer.a;
      case 'b':
        return outer.b;
      case 'c':
        return outer.c;
      case 'A':
        return inner.a;
      case 'B':
        return inner.b;
      default:
        return inner.c;
    }
  };
  const auto apply = [&](const Rule& rule, DType dtype) {
    const auto kernel = [&](const char* name) {
      return kernel_function<MapFunction>((std::string("map.") + name).c_str(), dtype);
    };
    for (size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].kernel != kernel(rule.outer)) continue;
      const int16_t made = operand(steps_[i], steps_[i], rule.side);
      const auto inner = std::find_if(steps_.begin(), steps_.begin() + int64_t(i), [&](const Step& t) {
        return t.out == made && t.kernel == kernel(rule.inner);
      });
      if (inner == steps_.begin() + int64_t(i) || slots_[size_t(made)].source != Source::temporary ||
          uses(made) != 1)
        continue;
      bool fits = true;
      for (const char* pair = rule.equal; *pair; pair += 2)
        fits &= operand(steps_[i], *inner, pair[0]) == operand(steps_[i], *inner, pair[1]);
      if (!fits) continue;
      const auto at = [&](size_t k) {
        return k < std::strlen(rule.operands) ? operand(steps_[i], *inner, rule.operands[k]) : int16_t(-1);
      };
      steps_[i] = {kernel(rule.fused), steps_[i].out, at(0), at(1), at(2), 0, nullptr, {}};
      steps_.erase(inner);
      --i;
    }
  };
  for (DType dtype : {DType::f32, DType::f64})
    for (const Rule& rule : kRules) apply(rule, dtype);
}

// Sums of g (x - centre), which a normalisation's gradient asks for, are taken of the three.
void TileProgram::fuse_products() {
  for (size_t i = 0; i < steps_.size();) i = fuse_product(i) ? 0 : i + 1;
}

bool TileProgram::fuse_product(size_t statistic) {
  const auto readers = [&](int16_t slot) {
    return std::count_if(steps_.begin(), steps_.end(), [&](const Step& s) { return s.reads(slot); });
  };
  Step& sum = steps_[statistic];
  if (sum.statistic < 0 || !is_float(slots_[size_t(sum.a)].dtype) || readers(sum.a) != 1) return false;
  const DType dtype = slots_[size_t(sum.a)].dtype;
  const auto made = [&](int16_t slot, const char* name) {
    const MapFunction kernel = kernel_function<MapFunction>(name, dtype);
    return std::find_if(steps_.begin(), steps_.end(), [&](const Step& s) {
      return s.out == slot && s.kernel == kernel && slots_[size_t(slot)].source == Source::temporary;
    });
  };
  const auto product = made(sum.a, "map.multiply");
  if (product == steps_.end()) return false;
  const bool left = made(product->a, "map.subtract") != steps_.end();
  const int16_t distance = left ? product->a : product->b, g = left ? product->b : product->a;
  const auto centred = made(distance, "map.subtract");
  if (centred == steps_.end() || number(g) || number(centred->a)) return false;
  if (!statistics_.sums(size_t(sum.statistic), slots_[size_t(centred->b)].period())) return false;
  sum.a = g, sum.b = centred->a, sum.c = centred->b;
  steps_.erase(product);
  if (readers(distance) == 0) steps_.erase(made(distance, "map.subtract"));
  return true;
}

// Steps whose operands are the same for every tile are done once, before all others: their operands are
// numbers, or inputs that repeat themselves. A normalisation, (x + bias - mean) * factor + shift, becomes
// x * factor + (bias * factor + (shift - mean * factor)) for it.
void TileProgram::hoist_steps() {
  const auto fixed = [&](int16_t slot) {
    if (slot < 0) return true;
    const Source source = slots_[size_t(slot)].source;
    return source == Source::strided || source == Source::scalar || source == Source::constant ||
           std::any_of(steps_.begin(), steps_.end(), [&](const Step& s) { return s.once && s.out == slot; });
  };
  const auto temporary = [&](int16_t slot) { return slots_[size_t(slot)].source == Source::temporary; };
  const auto mark = [&](Step& s) {
    s.once = s.kernel && s.out >= 0 && temporary(s.out) && fixed(s.a) && fixed(s.b) && fixed(s.c);
  };
  for (Step& s : steps_) mark(s);
  for (size_t i = 0; i < steps_.size(); ++i) {
    const DType dtype = steps_[i].out >= 0 ? slots_[size_t(steps_[i].out)].dtype : DType::f32;
    if (!is_float(dtype) || steps_[i].once) continue;
    const auto kernel = [&](const char* name) {
      return kernel_function<MapFunction>((std::string("map.") + name).c_str(), dtype);
    };
    Step& outer = steps_[i];
    if (outer.kernel != kernel("fma") && outer.kernel != kernel("fma_relu") &&
        outer.kernel != kernel("fma_relu6"))
      continue;
    if (!fixed(outer.b)) std::swap(outer.a, outer.b);
    if (!fixed(outer.b) || !fixed(outer.c) || !temporary(outer.a)) continue;
    const auto at = steps_.begin() + int64_t(i);
    const auto inner = std::find_if(steps_.begin(), at, [&](const Step& s) { return s.out == outer.a; });
    if (inner == at || (inner->kernel != kernel("subtract") && inner->kernel != kernel("add"))) continue;
    if (inner->kernel == kernel("add") && !fixed(inner->b)) std::swap(inner->a, inner->b);
    const auto reads =
        std::count_if(steps_.begin(), steps_.end(), [&](const Step& s) { return s.reads(outer.a); });
    if (!fixed(inner->b) || reads != 1) continue;
    const int16_t shift = add_slot({Source::temporary, dtype, 0, 0, {}, {}});
    const char* const shifted = inner->kernel == kernel("add") ? "fma" : "fnma";
    Step once{kernel(shifted), shift, inner->b, outer.b, outer.c, 0, nullptr, {}};
    once.once = true;
    outer.a = inner->a, outer.c = shift;
    // Behind what makes its operands; then the next of the sums that lead here.
    *inner = once;
    std::rotate(inner, inner + 1, at);
    --i;
  }
  std::stable_partition(steps_.begin(), steps_.end(), [](const Step& s) { return s.once; });
}

bool TileProgram::finishes_channels(size_t i, int64_t channels) const {
  if (steps_.empty() || !statistics_.empty() || outputs_.size() != 1 || period_ != channels) return false;
  const Step& last = steps_.back();
  for (const Step& s : steps_)
    if (&s != &last && !s.once) return false;
  const auto input = [&](int16_t slot) {
    const Slot& s = slots_[size_t(slot)];
    return s.source == Source::dense && s.index == int32_t(i);
  };
  const DType dtype = slots_[size_t(last.out)].dtype;
  if (!is_float(dtype) || last.update || last.a < 0 || last.b < 0 || last.c < 0) return false;
  for (const char* name : {"map.fma", "map.fma_relu", "map.fma_relu6"})
    if (last.kernel == kernel_function<MapFunction>(name, dtype))
      return input(last.a) && slots_[size_t(last.b)].source != Source::dense &&
             slots_[size_t(last.c)].source != Source::dense;
  return false;
}

ChannelFinish TileProgram::Bound::channel_finish() {
  const Step& last = program_.steps_.back();
  move(0, program_.period_);
  for (const Step& s : program_.steps_)
    if (s.once)
      s.kernel(const_cast<void*>(at_[s.out]), s.a < 0 ? nullptr : at_[s.a], s.b < 0 ? nullptr : at_[s.b],
               s.c < 0 ? nullptr : at_[s.c], program_.period_, s.param);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const DType dtype = program_.slots_[size_t(last.out)].dtype;
  const bool linear = last.kernel == kernel_function<MapFunction>("map.fma", dtype),
             relu6 = last.kernel == kernel_function<MapFunction>("map.fma_relu6", dtype);
  return {at_[last.b], at_[last.c], linear ? -kInfinity : 0, relu6 ? 6 : kInfinity};
}

// Whether the slot is a number that came in.
bool TileProgram::number(int16_t slot) const {
  const Source source = slots_[size_t(slot)].source;
  return source == Source::constant || source == Source::scalar;
}

// Whether the slot holds one number everywhere, made here or not.
bool TileProgram::single(int16_t slot) const {
  if (slot < 0 || number(slot)) return true;
  const auto made = std::find_if(steps_.begin(), steps_.end(), [&](const Step& s) { return s.out == slot; });
  return slots_[size_t(slot)].source == Source::temporary && made != steps_.end() && made->kernel &&
         single(made->a) && single(made->b) && single(made->c);
}

void TileProgram::set_form(Step* update, GradientForm form) const {
  const DType dtype = slots_[size_t(update->slots[kGradient])].dtype;
  update->form = form;
  update->update = kernel_function<UpdateFunction>(kUpdateNames[size_t(form)], dtype);
}

// A factor of the gradient, a penalty on squares of the weight or bounds, that only the update waits for.
void TileProgram::fuse_gradient(Step* update) {
  int16_t& gradient = update->slots[kGradient];
  const DType dtype = slots_[size_t(gradient)].dtype;
  const auto made =
      std::find_if(steps_.begin(), steps_.end(), [&](const Step& s) { return s.out == gradient; });
  if (made == steps_.end() || slots_[size_t(gradient)].source != Source::temporary) return;
  for (const Step& s : steps_)
    if (s.reads(gradient)) return;
  const auto is = [&](const char* name) { return made->kernel == kernel_function<MapFunction>(name, dtype); };
  // The kernel reads its gradient element by element, and one element of a number.
  const auto take = [&](GradientForm form, int16_t from, int16_t one, int16_t most) {
    if (number(from)) return;
    update->slots[kGradientNumber] = one, update->slots[kGradientMost] = most;
    gradient = from;
    set_form(update, form);
    steps_.erase(made);
  };
  const int16_t a = made->a, b = made->b, c = made->c, w = update->slots[kOldW];
  if (is("map.multiply") && (single(a) || single(b))) {
    const int16_t factor = single(a) ? a : b;
    take(GradientForm::scaled, single(a) ? b : a, factor, factor);
  } else if (is("map.fma") && ((a == w && single(b)) || (b == w && single(a)))) {
    const int16_t factor = a == w ? b : a;
    take(GradientForm::penalized, c, factor, factor);
  } else if (is("map.clip") && single(b) && single(c)) {
    take(GradientForm::clipped, a, b, c);
  }
}

// The four steps of Adam in a chain become one, with a simple step in front of them; what comes before stays.
void TileProgram::fuse_update() {
  const auto computes = [](const Step& s) { return s.kernel != nullptr; };
  const auto last = std::find_if(steps_.rbegin(), steps_.rend(), computes);
  if (last == steps_.rend()) return;
  const DType dtype = slots_[size_t(last->out)].dtype;
  if (!is_float(dtype)) return;
  const auto find = [&](const char* name) {
    const MapFunction kernel = kernel_function<MapFunction>((std::string("map.") + name).c_str(), dtype);
    return std::find_if(steps_.begin(), steps_.end(), [&](const Step& s) { return s.kernel == kernel; });
  };
  const auto m = find("lerp"), v = find("lerp_square"), quotient = find("over_root"), w = find("fnma");
  for (const auto& step : {m, v, quotient, w})
    if (step == steps_.end()) return;
  const bool left = w->a == quotient->out;  // rate and quotient may stand in either order
  const int16_t rate = left ? w->b : w->a;
  const auto output = [&](int16_t slot) { return slots_[size_t(slot)].source == Source::output; };
  const bool fits = m->b == v->b && !number(m->b) && quotient->a == m->out && quotient->b == v->out &&
                    (left || w->b == quotient->out) && output(m->out) && output(v->out) && output(w->out) &&
                    !output(quotient->out) && single(m->c) && single(v->c) && single(quotient->c) &&
                    single(rate);
  if (!fits) return;
  // Nobody else may wait for what the four make: it is there only after the last of them.
  const auto other = [&](const Step& t) { return &t != &*m && &t != &*v && &t != &*quotient && &t != &*w; };
  for (const Step& t : steps_)
    for (const auto& made : {m, v, quotient, w})
      if (other(t) && t.reads(made->out)) return;
  Step step{nullptr, -1, -1, -1, -1, 0};
  auto set = [&](UpdateOperand operand, int16_t slot) { step.slots[size_t(operand)] = slot; };
  set(kUpdatedM, m->out), set(kUpdatedV, v->out), set(kUpdatedW, w->out);
  set(kOldM, m->a), set(kOldV, v->a), set(kOldW, w->c);
  set(kGradient, m->b), set(kOneMinusBeta1, m->c), set(kOneMinusBeta2, v->c);
  set(kEpsilon, quotient->c), set(kRate, rate), set(kGradientNumber, rate), set(kGradientMost, rate);
  set_form(&step, GradientForm::plain);
  std::vector<Step> rest;
  for (const Step& t : steps_)
    if (other(t)) rest.push_back(t);
  steps_ = std::move(rest);
  fuse_gradient(&step);
  steps_.push_back(step);
}

}  // namespace axone
