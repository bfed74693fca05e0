// Sums and moments of the columns of what a chain makes or reads, gathered while it is in cache. The work is
// cut into parts that depend on the shape alone; each has partial results of its own, which are joined in
// order at the end.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/dtype.h"
#include "cpu/team.h"
#include "graph/op.h"
#include "kernels/reduce.h"

namespace axone {

// Parts of the work on a chain's elements: pieces of equal length of runs of equal length.
struct StatisticParts {
  int64_t elements = 0, run = 1, piece = 1;

  int64_t pieces() const { return ceil_div(run, piece); }  // of a run
  int64_t count() const { return ceil_div(elements, run) * pieces(); }
  int64_t begin(int64_t part) const {
    return std::min(elements, part / pieces() * run + part % pieces() * piece);
  }
  int64_t size(int64_t part) const { return begin(part + 1) - begin(part); }
};

// Where the elements lie of which a statistic is taken: values, or values (factor - centre).
struct StatisticInputs {
  const char *values, *factor = nullptr, *centre = nullptr;
};

class Statistics {
 public:
  // The new one's number.
  int16_t add(const ColumnStatistic& statistic, DType dtype);

  bool empty() const { return all_.empty(); }
  // Tensors that join writes.
  size_t outputs() const;
  // Columns of the widest: all others' divide the elements too, but not it.
  int64_t columns() const;
  // Of a part's partial results.
  size_t part_bytes() const { return bytes_; }
  // What distinguishes number i from others.
  std::string recipe(size_t i) const;

  // Parts where nothing else decides. Those of sequences are whole ones, or begin with them and are counted
  // from there, so that zeros behind a sequence's end change nothing.
  StatisticParts parts(int64_t elements) const;

  // The lane's share of making the memory of `parts` parts ready; a barrier must follow.
  void clear(const Lane& lane, int64_t parts, char* memory) const;
  // Takes elements [begin, begin + count), whose inputs begin there, into number i of a part. Row by row, so
  // that it does not matter where calls begin and end.
  void take(size_t i, const StatisticInputs& in, int64_t begin, int64_t count, char* part) const;
  // Whether number i may be of products: the sum of columns of so many elements.
  bool sums(size_t i, int64_t columns) const {
    return all_[i].kind == StatisticKind::sum && all_[i].columns == columns;
  }
  // The lane's share of the results, behind a barrier. out: of moments mean and variance, else one
  // tensor.
  void join(const Lane& lane, int64_t parts, const char* memory, void* const* out) const;

 private:
  struct One {
    int64_t columns;
    StatisticKind kind;
    DType dtype;
    size_t offset;  // bytes from the start of a part's results to this one's
    ReduceFollow follow;
    ReduceFollowProduct follow_product;
  };
  // Adds the results of columns [first, last) to `sum`, part after part.
  template <class T>
  void add_parts(const One& s, int64_t parts, const char* memory, int64_t first, int64_t last,
                 double* sum) const;
  template <class T>
  void join_all(const One& s, int64_t parts, const char* memory, void* out) const;
  template <class T>
  void join_columns(const One& s, int64_t parts, const char* memory, int64_t first, int64_t last,
                    void* const* out) const;
  template <class T>
  void join_moments(const One& s, int64_t parts, const char* memory, int64_t first, int64_t last, void* mean,
                    void* variance) const;

  std::vector<One> all_;
  size_t bytes_ = 0;
  int64_t samples_ = 0;
};

}  // namespace axone
