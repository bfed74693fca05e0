#include "graph/schedule.h"

#include <algorithm>
#include <queue>
#include <set>

namespace axone {

namespace {

// Statistics of one chain: more would push the chain's tiles out of the first-level cache.
constexpr size_t kMostStatistics = 8;
// How far a search for a cycle goes before it gives up and the chain is cut.
constexpr int kSearchLimit = 20000;

class Fuser {
 public:
  Fuser(const Graph& graph, const std::vector<Value>& roots)
      : graph_(graph), group_of_(size_t(graph.size()), -1) {
    mark_live(roots);
    for (int32_t id = 0; id < graph.size(); ++id)
      if (live_[size_t(id)] && graph.node(id).op) place(id);
    for (int32_t id = 0; id < graph.size(); ++id)
      if (live_[size_t(id)] && graph.node(id).op && graph.node(id).op->statistic) attach(id);
  }

  std::vector<Group> ordered() const;

 private:
  struct Draft {
    std::vector<int32_t> nodes, statistics;
    bool map = false;
    int32_t head = -1;
    bool merged_away = false;
  };

  void mark_live(const std::vector<Value>& roots) {
    live_.assign(size_t(graph_.size()), 0);
    for (Value v : roots) live_[size_t(v.node)] = 1;
    for (int32_t id = graph_.size(); id-- > 0;)
      if (live_[size_t(id)])
        for (Value v : graph_.node(id).inputs) live_[size_t(v.node)] = 1;
  }

  // Whether group `other` may stand behind the draft's head, if it has one: the head runs first, so it reads
  // nothing of it.
  bool behind(const Draft& draft, int32_t other) const {
    if (draft.head < 0) return true;
    for (Value v : graph_.node(draft.head).inputs)
      if (group_of_[size_t(v.node)] == other) return false;
    return true;
  }

  bool same_space(const Draft& draft, const Shape& shape) const {
    return graph_.node(draft.nodes[0]).outputs[0].shape == shape;
  }

  // Lets the chain that makes or reads what a node gathers do so on the way.
  void attach(int32_t id) {
    const Node& node = graph_.node(id);
    if (node.op->statistic(graph_, node).columns == 0) return;
    const Value v = node.inputs[0];
    const int32_t own = group_of_[size_t(id)];
    for (int32_t g = 0; g < int32_t(drafts_.size()); ++g) {
      const Draft& d = drafts_[size_t(g)];
      if (d.merged_away || !(d.map || d.head >= 0) || !same_space(d, graph_.shape(v)) || !uses(d, g, v))
        continue;
      // A product carries its weight's update along, if that is all that follows.
      if (d.head >= 0 && graph_.node(v).kind == NodeKind::variable) continue;
      if (d.statistics.size() >= kMostStatistics || depends(g, own) || detour(g, own)) continue;
      drafts_[size_t(g)].statistics.push_back(id);
      drafts_[size_t(own)].merged_away = true;
      group_of_[size_t(id)] = g;
      return;
    }
  }

  bool uses(const Draft& d, int32_t group, Value v) const {
    if (group_of_[size_t(v.node)] == group) return true;
    for (int32_t id : d.nodes)
      for (Value in : graph_.node(id).inputs)
        if (in == v && id != d.head) return true;
    return false;
  }

  // Whether group `to` needs something of group `from`.
  bool depends(int32_t to, int32_t from) const {
    for (int32_t id : drafts_[size_t(to)].nodes)
      for (Value v : graph_.node(id).inputs)
        if (group_of_[size_t(v.node)] == from) return true;
    return detour(from, to);
  }

  // Puts a node into the group of its producers where that is allowed, else into one of its own.
  void place(int32_t id) {
    const Node& node = graph_.node(id);
    const int32_t own = int32_t(drafts_.size());
    drafts_.push_back({{id}, {}, node.op->elementwise, node.op->epilogue ? id : -1, false});
    group_of_[size_t(id)] = own;
    if (!node.op->elementwise) return;
    for (Value v : node.inputs) {
      const int32_t producer = group_of_[size_t(v.node)];
      const int32_t mine = group_of_[size_t(id)];
      if (producer < 0 || producer == mine || graph_.shape(v) != node.outputs[0].shape) continue;
      if (may_merge(producer, mine)) merge(producer, mine);
    }
  }

  bool may_merge(int32_t a, int32_t b) const {
    const Draft &x = drafts_[size_t(a)], &y = drafts_[size_t(b)];
    const bool chains = (x.map || x.head >= 0) && (y.map || y.head >= 0) && !(x.head >= 0 && y.head >= 0);
    if (!behind(x, b) || !behind(y, a)) return false;
    return chains && x.nodes.size() + y.nodes.size() <= kLargestChain &&
           same_space(x, graph_.node(y.nodes[0]).outputs[0].shape) && !detour(a, b) && !detour(b, a);
  }

  // Whether a path leads from group `from` to group `to` through a third one: then the two cannot run as one.
  bool detour(int32_t from, int32_t to) const {
    std::vector<int32_t> stack;
    std::set<int32_t> seen{to, from};
    auto push_inputs = [&](int32_t group, bool direct) {
      for (const auto* nodes : {&drafts_[size_t(group)].nodes, &drafts_[size_t(group)].statistics})
        for (int32_t id : *nodes)
          for (Value v : graph_.node(id).inputs) {
            const int32_t g = group_of_[size_t(v.node)];
            if (g == from && !direct) return true;
            if (g >= 0 && seen.insert(g).second) stack.push_back(g);
          }
      return false;
    };
    push_inputs(to, true);
    for (int steps = 0; !stack.empty(); ++steps) {
      if (steps > kSearchLimit) return true;
      const int32_t g = stack.back();
      stack.pop_back();
      if (push_inputs(g, false)) return true;
    }
    return false;
  }

  void merge(int32_t into, int32_t from) {
    Draft &x = drafts_[size_t(into)], &y = drafts_[size_t(from)];
    for (int32_t id : y.nodes) group_of_[size_t(id)] = into;
    x.nodes.insert(x.nodes.end(), y.nodes.begin(), y.nodes.end());
    std::sort(x.nodes.begin(), x.nodes.end());
    if (y.head >= 0) x.head = y.head;
    x.map = x.head < 0;
    // The head runs first, whatever was made before it.
    if (x.head >= 0)
      std::stable_partition(x.nodes.begin(), x.nodes.end(), [&](int32_t id) { return id == x.head; });
    y.merged_away = true;
  }

  const Graph& graph_;
  std::vector<char> live_;
  std::vector<int32_t> group_of_;
  std::vector<Draft> drafts_;
};

// Kahn's algorithm; of the groups that are ready, the one whose last node was made first.
std::vector<Group> Fuser::ordered() const {
  std::vector<std::set<int32_t>> users(drafts_.size());
  std::vector<int> missing(drafts_.size(), 0);
  for (size_t g = 0; g < drafts_.size(); ++g) {
    if (drafts_[g].merged_away) continue;
    for (const auto* nodes : {&drafts_[g].nodes, &drafts_[g].statistics})
      for (int32_t id : *nodes)
        for (Value v : graph_.node(id).inputs) {
          const int32_t p = group_of_[size_t(v.node)];
          if (p >= 0 && p != int32_t(g) && users[size_t(p)].insert(int32_t(g)).second) ++missing[g];
        }
  }
  using Entry = std::pair<int32_t, int32_t>;  // last node, group
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  auto offer = [&](int32_t g) {
    const auto& nodes = drafts_[size_t(g)].nodes;
    ready.emplace(*std::max_element(nodes.begin(), nodes.end()), g);
  };
  for (size_t g = 0; g < drafts_.size(); ++g)
    if (!drafts_[g].merged_away && !missing[g]) offer(int32_t(g));
  std::vector<Group> out;
  while (!ready.empty()) {
    const int32_t g = ready.top().second;
    ready.pop();
    const Draft& d = drafts_[size_t(g)];
    out.push_back({d.nodes, d.statistics, {}, d.map, d.head});
    for (int32_t u : users[size_t(g)])
      if (!--missing[size_t(u)]) offer(u);
  }
  return out;
}

}  // namespace

std::vector<Group> make_schedule(const Graph& graph, const std::vector<Value>& roots) {
  std::vector<Group> groups = Fuser(graph, roots).ordered();
  recompute_cheap_values(graph, roots, &groups);
  return groups;
}

}  // namespace axone
