// The data feed: batches gathered by index from arrays of any numeric type and layout, cast on the way.
#pragma once

#include <cstdint>
#include <vector>

#include "base/shape.h"
#include "cpu/team.h"
#include "kernels/map.h"

namespace axone {

// Element types of users' arrays: ours and those that are only read.
enum class SourceType : uint8_t { f16, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64, b8 };

// A user's array: samples along the first axis. Strides in bytes, possibly negative or zero.
struct Source {
  const char* data = nullptr;
  SourceType type = SourceType::f32;
  std::vector<int64_t> shape, strides;
};

// Gathers rows of one source into dense batches of a type.
class Gather {
 public:
  // Throws ValueError where the source's rows do not have the shape of the batch's.
  Gather(const Source& source, const TensorType& batch, const char* name);

  // Rows order[first .. first + rows) (order null: `first`, first + 1, ...) into `out`; this lane's share.
  void run(const Lane& lane, const int64_t* order, int64_t first, int64_t rows, void* out) const;

  // The same rows where they lie, into `rows`: those of this lane's share. Only if rows_in_place().
  void place(const Lane& lane, const int64_t* order, int64_t first, int64_t count, const void** rows) const;
  bool rows_in_place() const;

  // Row numbers must be in [0, samples()).
  int64_t samples() const { return source_.shape[0]; }

  // The dense row `first` where the source's rows first, first + 1, ... can be used in place: same type and
  // layout.
  const void* in_place(int64_t first) const;

 private:
  const char* row_at(const int64_t* order, int64_t r) const {
    return source_.data + (order ? order[r] : r) * source_.strides[0];
  }
  int64_t rows_ahead() const;
  void fetch_row(const char* from) const;
  void copy_row(const char* from, char* to) const;

  Source source_;
  DType to_;
  int64_t row_elements_ = 1;
  bool dense_rows_ = false;
  bool same_type_ = false;
  MapFunction cast_ = nullptr;  // for dense rows of a type of ours
};

}  // namespace axone
