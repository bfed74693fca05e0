// How a reduction over any axes is cut: stages of (outer, n, inner) -> (outer, inner), each by one of two
// kernels.
#pragma once

#include <vector>

#include "base/shape.h"
#include "cpu/team.h"
#include "kernels/reduce.h"

namespace axone {

// The plan depends on the shape and the instruction set alone: a long axis is cut into blocks of fixed length
// whose results are kept and combined in order, so that every number of threads gives the same bits. Neither
// do neutral elements at the end of an axis change them, up to 65536 steps of a sequence: columns are summed
// sample by sample, and all borders are counted from the sample's start.
class ReducePlan {
 public:
  // op: sum, max, min, prod, any, all or sumsq; axes: sorted, counted from the front.
  // Throws TypeError where the operation has no kernel for the type.
  ReducePlan(const char* op, DType dtype, const Shape& shape, const Axes& axes);

  // Every lane of the team calls it with the same arguments; out is complete after the caller's next barrier.
  void run(const Lane& lane, const void* x, void* out, void* scratch) const;

  size_t scratch_bytes() const { return scratch_; }

 private:
  struct Stage {
    int64_t outer, n, inner;
    int64_t rest = 0;  // elements of one more row, which has no more
    int64_t block = 0,
            blocks = 1;  // rows that one partial result covers, and how many partials there are
    int64_t row_count() const { return n + (rest > 0); }
    int64_t length() const { return n * inner + rest; }
    size_t partials = 0, result = 0;  // where they lie in the scratch; the last stage's result is the output
    ReduceRows rows = nullptr;
    ReduceColumns columns = nullptr;
  };

  void add_stages(const Shape& shape, const Axes& axes);
  void add_stage(int64_t outer, int64_t n, int64_t inner, int64_t rest = 0);
  void cut(Stage* stage) const;
  void lay_out_scratch();
  void run_stage(const Stage& s, const Lane& lane, const char* x, char* out, char* partials) const;
  void reduce_rows(const Stage& s, const Lane& lane, const char* x, char* out) const;
  void reduce_columns(const Stage& s, const Lane& lane, const char* x, char* out) const;
  // out[first ... last) over rows of a stage, the last of `rest` elements.
  void add_columns(const Stage& s, int64_t rows, int64_t rest, int64_t first, int64_t last, const char* x,
                   char* out) const;
  void reduce_blocks(const Stage& s, const Lane& lane, const char* x, char* partials) const;
  void fill_neutral(char* out, int64_t begin, int64_t end) const;

  DType dtype_;
  int64_t item_;
  char neutral_[8] = {};  // one element
  int64_t results_ = 1;
  ReduceRows combine_rows_ = nullptr;
  ReduceColumns combine_columns_ = nullptr;
  std::vector<Stage> stages_;
  size_t scratch_ = 0;
};

}  // namespace axone
