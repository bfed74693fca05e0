// Zeros around the input of a convolution or of a pooling layer, by a node of their own, become its own
// padding: the padded input is never written, nor its gradient.
#include "ops/conv/padding.h"

#include <algorithm>

#include "ops/rules.h"

namespace axone {

namespace {

// The attributes of a convolution of x in place of one of x with `low` and `high` more positions at its ends,
// or none where these do not fit: padding that holds a whole window.
std::optional<Attrs> with_padding(Attrs attrs, const Axes& low, const Axes& high, const Axes& kernel) {
  const size_t rank = low.size() - 2;
  if (low.front() || high.front() || low.back() || high.back()) return std::nullopt;
  Axes pad_lo = attrs.get<Axes>("pad_lo"), pad_hi = attrs.get<Axes>("pad_hi");
  const Axes dilation = attrs.get<Axes>("dilation");
  for (size_t i = 0; i < rank; ++i) {
    pad_lo[i] += low[i + 1], pad_hi[i] += high[i + 1];
    if (std::max(pad_lo[i], pad_hi[i]) > (kernel[i] - 1) * dilation[i]) return std::nullopt;
  }
  attrs.set("pad_lo", pad_lo);
  attrs.set("pad_hi", pad_hi);
  return attrs;
}

// conv and conv_weight_grad: their input 0 is x.
std::optional<Rewriting> without_pad(const Graph& g, const Node& node, const Axes& kernel) {
  const Node& pad = g.node(node.inputs[0]);
  if (!is_op(g, node.inputs[0], "pad") || pad.attrs.get<double>("value", 0.0) != 0) return std::nullopt;
  auto attrs = with_padding(node.attrs, pad.attrs.get<Axes>("low"), pad.attrs.get<Axes>("high"), kernel);
  if (!attrs) return std::nullopt;
  return Rewriting{node.op, {pad.inputs[0], node.inputs[1]}, std::move(*attrs)};
}

// The spatial sizes of a kernel's shape.
Axes window_of(const Shape& kernel) {
  return Axes(kernel.begin(), kernel.end() - 2);
}

}  // namespace

std::optional<Rewriting> conv_without_pad(const Graph& g, const Node& node, const std::vector<int>&) {
  return without_pad(g, node, window_of(g.shape(node.inputs[1])));
}

std::optional<Rewriting> weight_grad_without_pad(const Graph& g, const Node& node, const std::vector<int>&) {
  return without_pad(g, node, node.attrs.get<Axes>("kernel"));
}

// The largest element of a window does not change when zeros among elements of at least zero are left out.
std::optional<Rewriting> max_pool_without_pad(const Graph& g, const Node& node, const std::vector<int>&) {
  if (!is_op(g, node.inputs[0], "pad")) return std::nullopt;
  const Node& pad = g.node(node.inputs[0]);
  const Axes low = pad.attrs.get<Axes>("low"), high = pad.attrs.get<Axes>("high");
  const bool not_negative = is_op(g, pad.inputs[0], "relu") || is_op(g, pad.inputs[0], "relu6");
  if (!not_negative || pad.attrs.get<double>("value", 0.0) != 0) return std::nullopt;
  if (low.front() || high.front() || low.back() || high.back()) return std::nullopt;
  const Axes window = node.attrs.get<Axes>("window");
  Axes pad_lo = node.attrs.get<Axes>("pad_lo"), pad_hi = node.attrs.get<Axes>("pad_hi");
  for (size_t i = 0; i < window.size(); ++i) {
    pad_lo[i] += low[i + 1], pad_hi[i] += high[i + 1];
    if (std::max(pad_lo[i], pad_hi[i]) >= window[i]) return std::nullopt;
  }
  Attrs attrs = node.attrs;
  attrs.set("pad_lo", pad_lo);
  attrs.set("pad_hi", pad_hi);
  return Rewriting{node.op, {pad.inputs[0]}, std::move(attrs)};
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
  auto attrs = with_padding(grad.attrs, starts, high, window_of(g.shape(grad.inputs[1])));
  if (!attrs) return std::nullopt;
  attrs->set("input_shape", Shape(sizes));
  return Rewriting{grad.op, grad.inputs, std::move(*attrs)};
}

}  // namespace axone
