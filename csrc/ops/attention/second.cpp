// The gradient of attention's gradient, by its formulas on whole score matrices: for the few who
// differentiate twice, memory grows with the square of the length.
#include "ops/attention/second.h"

#include "ops/rules.h"

namespace axone {

namespace {

// (batch, positions, key heads, size) as (batch, heads, positions, size), each key head for all of its group.
Sym by_heads(const Sym& x, int64_t heads) {
  const Shape s = x.shape();
  const Sym moved = transpose(x, {0, 2, 1, 3});
  if (s[2] == heads) return moved;
  const Sym one = reshape(moved, {s[0], s[2], 1, s[1], s[3]});
  return reshape(broadcast_to(one, {s[0], s[2], heads / s[2], s[1], s[3]}), {s[0], heads, s[1], s[3]});
}

// The way back: what the heads of a group give is added up.
Sym from_heads(const Sym& x, const Shape& shape) {
  const Shape s = x.shape();
  Sym all = x;
  if (s[1] != shape[2]) all = sum(reshape(x, {s[0], shape[2], s[1] / shape[2], s[2], s[3]}), {2});
  return transpose(all, {0, 2, 1, 3});
}

Sym times(const Sym& a, const Sym& b, bool transpose_a = false, bool transpose_b = false) {
  return a.apply("matmul", {b}, {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}});
}

Sym row_sums(const Sym& x) {
  return sum(x, {3}, true);
}

// Which scores count, or an invalid Sym where all do.
Sym allowed(const GradientCall& g, int64_t targets, int64_t sources) {
  Sym mask;
  if (g.inputs.size() > 6) mask = g.in(6);
  if (!g.attrs.get<bool>("causal", false)) return mask;
  Tensor past(TensorType{DType::b8, {targets, sources}});
  for (int64_t t = 0; t < targets; ++t)
    for (int64_t s = 0; s < sources; ++s) static_cast<uint8_t*>(past.data())[t * sources + s] = s <= t;
  const Sym causal(g.graph, g.graph.constant(past));
  return mask ? mask.apply("logical_and", {causal}) : causal;
}

}  // namespace

// With P the weights, dS = P * (dP - rowsum(dP * P)) and dP = dy v^T, the gradient's outputs are dq = scale
// dS k, dk = scale dS^T q, dv = P^T dy. Of <gq, dq> + <gk, dk> + <gv, dv> = <A, dS> + <B, P> the derivatives
// are taken by dP (D), by P, and through P by the scores (E).
std::vector<Sym> attention_second_gradient(const GradientCall& g) {
  const int64_t heads = g.in(0).shape()[2];
  const double scale = g.attrs.get<double>("scale", 1.0);
  const Sym q = by_heads(g.in(0), heads), k = by_heads(g.in(1), heads), v = by_heads(g.in(2), heads);
  const Sym dy = by_heads(g.in(4), heads), stats = g.in(5);
  const Shape rows{stats.shape()[0], stats.shape()[1], stats.shape()[2], 1};
  auto column = [&](int64_t i) {
    return stats.apply("slice", {},
                       {{"starts", Axes{0, 0, 0, i}}, {"sizes", rows}, {"steps", Axes{1, 1, 1, 1}}});
  };
  Sym p = (times(q, k, false, true) * scale - column(0)).apply("exp") * column(1);
  if (const Sym counts = allowed(g, q.shape()[2], k.shape()[2])) p = select(counts, p, p.constant(0));
  const Sym dp = times(dy, v, false, true), r = row_sums(dp * p), ds = p * (dp - r);

  auto incoming = [&](size_t i, const Sym& like) {
    return g.grad(i) ? by_heads(g.grad(i), heads) : zeros_like(like);
  };
  const Sym gq = incoming(0, q), gk = incoming(1, k), gv = incoming(2, v);
  const Sym a = (times(gq, k, false, true) + times(q, gk, false, true)) * scale,
            b = times(dy, gv, false, true);
  const Sym mean = row_sums(a * p), d = p * (a - mean);
  const Sym by_p = a * dp - dp * mean - a * r + b, e = p * (by_p - row_sums(by_p * p));

  const Sym by_q = (times(ds, gk) + times(e, k)) * scale;
  const Sym by_k = (times(ds, gq, true) + times(e, q, true)) * scale;
  std::vector<Sym> out{from_heads(by_q, g.in(0).shape()),
                       from_heads(by_k, g.in(1).shape()),
                       from_heads(times(d, dy, true), g.in(2).shape()),
                       Sym(),
                       from_heads(times(d, v) + times(p, gv), g.in(4).shape()),
                       Sym()};
  out.resize(g.inputs.size());
  return out;
}

}  // namespace axone
