// Zeros around the input of a convolution or of a pooling layer, by a node of their own, become its own
// padding: the padded input is never written, nor its gradient.
#include "ops/conv/padding.h"

#include <algorithm>

#include "ops/rules.h"

namespace axone {

namespace {

// The attributes of an operation on x in place of one on x with `low` and `high` more positions at its ends,
// or none where these do not fit: padding that holds a whole window, of which the last tap lies `reach`
// behind the first.
std::optional<Attrs> with_padding(Attrs attrs, const Axes& low, const Axes& high, const Axes& reach) {
  if (low.front() || high.front() || low.back() || high.back()) return std::nullopt;
  Axes pad_lo = attrs.get<Axes>("pad_lo"), pad_hi = attrs.get<Axes>("pad_hi");
  for (size_t i = 0; i < reach.size(); ++i) {
    pad_lo[i] += low[i + 1], pad_hi[i] += high[i + 1];
    if (std::max(pad_lo[i], pad_hi[i]) > reach[i]) return std::nullopt;
  }
  attrs.set("pad_lo", pad_lo);
  attrs.set("pad_hi", pad_hi);
  return attrs;
}

// The reach of a kernel of these spatial sizes.
Axes reach_of(Axes kernel, const Attrs& attrs) {
  const Axes dilation = attrs.get<Axes>("dilation");
  for (size_t i = 0; i < kernel.size(); ++i) kernel[i] = (kernel[i] - 1) * dilation[i];
  return kernel;
}

// An operation whose input 0 is a pad by zeros, without that.
std::optional<Rewriting> without_pad(const Graph& g, const Node& node, const Axes& reach) {
  if (!is_op(g, node.inputs[0], "pad")) return std::nullopt;
  const Node& pad = g.node(node.inputs[0]);
  if (pad.attrs.get<double>("value", 0.0) != 0) return std::nullopt;
  auto attrs = with_padding(node.attrs, pad.attrs.get<Axes>("low"), pad.attrs.get<Axes>("high"), reach);
  if (!attrs) return std::nullopt;
  Rewriting way{node.op, node.inputs, std::move(*attrs)};
  way.inputs[0] = pad.inputs[0];
  return way;
}

// The spatial sizes of a kernel's shape.
Axes window_of(const Shape& kernel) {
  return Axes(kernel.begin(), kernel.end() - 2);
}

}  // namespace

std::optional<Rewriting> conv_without_pad(const Graph& g, const Node& node, const std::vector<int>&) {
  return without_pad(g, node, reach_of(window_of(g.shape(node.inputs[1])), node.attrs));
}

std::optional<Rewriting> weight_grad_without_pad(const Graph& g, const Node& node, const std::vector<int>&) {
  return without_pad(g, node, reach_of(node.attrs.get<Axes>("kernel"), node.attrs));
}

// The largest element of a window does not change when zeros among elements of at least zero are left out.
std::optional<Rewriting> max_pool_without_pad(const Graph& g, const Node& node, const std::vector<int>&) {
  if (!is_op(g, node.inputs[0], "pad")) return std::nullopt;
  const Value x = g.node(node.inputs[0]).inputs[0];
  if (!is_op(g, x, "relu") && !is_op(g, x, "relu6")) return std::nullopt;
  Axes reach = node.attrs.get<Axes>("window");
  for (int64_t& r : reach) --r;
  return without_pad(g, node, reach);
}

// A slice of conv_input_grad that cuts off positions at the ends.
std::optional<Rewriting> input_grad_without_slice(const Graph& g, const Node& node,
                                                  const std::vector<int>& reads) {
  const Value whole = node.inputs[0];
  if (!is_op(g, whole, "conv_input_grad") || reads[size_t(whole.node)] != 1) return std::nullopt;
  for (int64_t s : node.attrs.get<Axes>("steps"))
    if (s != 1) return std::nullopt;
  const Node& grad = g.node(whole);
  const Axes starts = node.attrs.get<Axes>("starts"), sizes = node.attrs.get<Axes>("sizes");
  Axes high = g.shape(whole);
  for (size_t i = 0; i < high.size(); ++i) high[i] -= starts[i] + sizes[i];
  auto attrs =
      with_padding(grad.attrs, starts, high, reach_of(window_of(g.shape(grad.inputs[1])), grad.attrs));
  if (!attrs) return std::nullopt;
  attrs->set("input_shape", Shape(sizes));
  return Rewriting{grad.op, grad.inputs, std::move(*attrs)};
}

}  // namespace axone
