#include <algorithm>
#include <set>

#include "graph/schedule.h"

namespace axone {

namespace {

constexpr int kDeepest = 4;  // operations between the value and what is in memory
// A value with so many times fewer elements costs nothing to read.
constexpr int64_t kSmall = 8;
// Elements from which a value that was made long ago has left the caches: computing it costs less than
// reading.
constexpr int64_t kFar = 256 * 1024;
// Operations up to which that is so.
constexpr size_t kFewSteps = 4;

bool holds(const std::vector<int32_t>& nodes, int32_t id) {
  return std::find(nodes.begin(), nodes.end(), id) != nodes.end();
}

class Recomputation {
 public:
  Recomputation(const Graph& graph, const std::vector<Value>& roots, std::vector<Group>* groups)
      : graph_(graph), groups_(*groups), owner_(size_t(graph.size()), -1), readers_(size_t(graph.size())) {
    root_.assign(size_t(graph.size()), 0);
    for (Value v : roots) root_[size_t(v.node)] = 1;
    for (size_t g = 0; g < groups_.size(); ++g)
      for (const auto* nodes : {&groups_[g].nodes, &groups_[g].statistics})
        for (int32_t id : *nodes) {
          owner_[size_t(id)] = int32_t(g);
          for (Value v : graph.node(id).inputs) readers_[size_t(v.node)].push_back({int32_t(g), id});
        }
  }

  void run() {
    for (int32_t id = 0; id < graph_.size(); ++id)
      if (owner_[size_t(id)] >= 0 && cheap(id) && in_memory(id)) copy_to_readers(id);
    for (size_t g = 0; g < groups_.size(); ++g)
      if (groups_[g].map || groups_[g].head >= 0) compute_from_others(int32_t(g));
  }

 private:
  struct Reader {
    int32_t group, node;
  };

  bool cheap(int32_t id) const { return graph_.node(id).op && graph_.node(id).op->cheap; }

  // Whether a group reads the node's value from memory.
  bool reads(const Reader& r, int32_t id) const { return !holds(groups_[size_t(r.group)].nodes, id); }

  bool in_memory(int32_t id) const {
    if (owner_[size_t(id)] < 0 || root_[size_t(id)]) return true;
    const Node& node = graph_.node(id);
    const Group& own = groups_[size_t(owner_[size_t(id)])];
    if (!node.op->elementwise && own.head != id) return true;
    return std::any_of(readers_[size_t(id)].begin(), readers_[size_t(id)].end(),
                       [&](const Reader& r) { return reads(r, id); });
  }

  // All groups that read the value from memory compute it themselves, or none does.
  void copy_to_readers(int32_t id) {
    if (root_[size_t(id)]) return;
    std::set<int32_t> targets;
    for (const Reader& r : readers_[size_t(id)]) {
      if (!reads(r, id)) continue;
      const Group& g = groups_[size_t(r.group)];
      if ((!g.map && g.head < 0) || r.node == g.head || holds(g.statistics, r.node)) return;
      if (graph_.node(g.nodes[0]).outputs[0].shape != graph_.node(id).outputs[0].shape) return;
      targets.insert(r.group);
    }
    std::vector<std::pair<int32_t, std::vector<int32_t>>> plan;
    for (int32_t g : targets) {
      std::vector<int32_t> nodes;
      std::set<int32_t> extra;
      if (!collect(id, g, 0, &nodes, &extra) || extra.size() > 1) return;
      if (groups_[size_t(g)].nodes.size() + nodes.size() > kLargestChain) return;
      plan.emplace_back(g, std::move(nodes));
    }
    for (const auto& [g, nodes] : plan) add(g, nodes);
  }

  // What a group can compute from the other values that it reads, it does not read: the mask of a ReLU where
  // the ReLU's input is at hand.
  void compute_from_others(int32_t g) {
    const std::vector<int32_t> own = groups_[size_t(g)].nodes;
    const int64_t space = element_count(graph_.node(own[0]).outputs[0].shape);
    if (space < kFar) return;
    for (int32_t id : own) {
      if (id == groups_[size_t(g)].head) continue;
      for (Value v : graph_.node(id).inputs) {
        if (holds(groups_[size_t(g)].nodes, v.node) || owner_[size_t(v.node)] < 0) continue;
        if (element_count(graph_.shape(v)) != space || !in_memory(v.node)) continue;
        std::vector<int32_t> nodes;
        std::set<int32_t> extra;
        if (!collect(v.node, g, 0, &nodes, &extra) || !extra.empty() || nodes.size() > kFewSteps) continue;
        if (groups_[size_t(g)].nodes.size() + nodes.size() <= kLargestChain) add(g, nodes);
      }
    }
  }

  // What group `g` has to compute to have `id`, and which large values it has to read for that.
  bool collect(int32_t id, int32_t g, int depth, std::vector<int32_t>* nodes,
               std::set<int32_t>* extra) const {
    if (!cheap(id) || depth > kDeepest) return false;
    const Node& node = graph_.node(id);
    for (Value v : node.inputs) {
      if (holds(groups_[size_t(g)].nodes, v.node) || holds(*nodes, v.node)) continue;
      if (element_count(graph_.shape(v)) * kSmall <= element_count(node.outputs[0].shape)) continue;
      if (!in_memory(v.node)) {
        if (!collect(v.node, g, depth + 1, nodes, extra)) return false;
      } else if (!read_by(g, v.node)) {
        // A variable that is read later can no longer be updated in place.
        if (graph_.node(v).kind == NodeKind::variable) return false;
        extra->insert(v.node);
      }
    }
    nodes->push_back(id);
    return true;
  }

  bool read_by(int32_t g, int32_t id) const {
    return std::any_of(readers_[size_t(id)].begin(), readers_[size_t(id)].end(),
                       [&](const Reader& r) { return r.group == g && r.node != groups_[size_t(g)].head; });
  }

  void add(int32_t g, const std::vector<int32_t>& nodes) {
    Group& group = groups_[size_t(g)];
    for (int32_t id : nodes) {
      group.copies.push_back(id);
      group.nodes.push_back(id);
      for (Value v : graph_.node(id).inputs) readers_[size_t(v.node)].push_back({g, id});
    }
    std::sort(group.nodes.begin() + (group.head >= 0), group.nodes.end());
  }

  const Graph& graph_;
  std::vector<Group>& groups_;
  std::vector<int32_t> owner_;  // by node: the group that it belongs to, -1 for leaves
  std::vector<std::vector<Reader>> readers_;
  std::vector<char> root_;
};

}  // namespace

void recompute_cheap_values(const Graph& graph, const std::vector<Value>& roots, std::vector<Group>* groups) {
  Recomputation(graph, roots, groups).run();
}

}  // namespace axone
