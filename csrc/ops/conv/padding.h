// Rewrite rules: zeros around an input become the operation's own padding.
#pragma once

#include "graph/op.h"

namespace axone {

// conv, conv_weight_grad of a `pad`.
std::optional<Rewriting> conv_without_pad(const Graph& g, const Node& node, const std::vector<int>& reads);
std::optional<Rewriting> weight_grad_without_pad(const Graph& g, const Node& node,
                                                 const std::vector<int>& reads);
// max_pool_indexed of a `pad` of what is never negative. Of equal elements another one may be the largest.
std::optional<Rewriting> max_pool_without_pad(const Graph& g, const Node& node,
                                              const std::vector<int>& reads);
// The slice of a conv_input_grad that cuts off what a `pad` had added.
std::optional<Rewriting> input_grad_without_slice(const Graph& g, const Node& node,
                                                  const std::vector<int>& reads);

}  // namespace axone
