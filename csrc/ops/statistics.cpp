#include "ops/statistics.h"

#include <algorithm>
#include <cstring>

#include "base/buffer.h"
#include "cpu/dispatch.h"
#include "ops/lines.h"

namespace axone {

namespace {

constexpr int64_t kPartElements = 8192, kMinRows = 64, kMaxRows = 1024, kMostParts = 1024;
// Sequences from which each is a part.
constexpr int64_t kManySamples = 64;
// Columns joined at a time, in double precision.
constexpr int64_t kJoined = 64;

}  // namespace

int16_t Statistics::add(const ColumnStatistic& statistic, DType dtype) {
  constexpr const char* kKernels[] = {"reduce.follow_sum", "reduce.follow_squares", "reduce.follow_moments"};
  all_.push_back({statistic.columns, statistic.kind, dtype, bytes_,
                  kernel_function<ReduceFollow>(kKernels[size_t(statistic.kind)], dtype),
                  kernel_function<ReduceFollowProduct>("reduce.follow_product", dtype)});
  const int64_t planes = statistic.kind == StatisticKind::moments ? kMomentPlanes : 1;
  samples_ = std::max(samples_, statistic.samples);
  bytes_ += round_up(size_t(planes * statistic.columns) * item_size(dtype), kAlignment);
  return int16_t(all_.size() - 1);
}

size_t Statistics::outputs() const {
  size_t count = 0;
  for (const One& s : all_) count += s.kind == StatisticKind::moments ? 2 : 1;
  return count;
}

int64_t Statistics::columns() const {
  int64_t most = 1;
  for (const One& s : all_) most = std::max(most, s.columns);
  return most;
}

std::string Statistics::recipe(size_t i) const {
  return "statistic " + std::to_string(int(all_[i].kind)) + " of " + std::to_string(all_[i].columns);
}

StatisticParts Statistics::parts(int64_t elements) const {
  if (empty()) return {elements, std::max<int64_t>(1, elements), kPartElements};
  const int64_t width = columns(), rows = std::max<int64_t>(1, elements / width);
  const bool sequences = samples_ > 0 && rows % samples_ == 0;
  const int64_t run = sequences ? ceil_div(samples_, kMostParts) * (rows / samples_) : rows;
  if (sequences && samples_ >= kManySamples) return {elements, run * width, run * width};
  const int64_t piece =
      std::max(std::clamp(kPartElements / width, kMinRows, kMaxRows), ceil_div(run, kMostParts));
  return {elements, run * width, piece * width};
}

void Statistics::clear(const Lane& lane, int64_t parts, char* memory) const {
  int64_t begin, end;
  lane.share(parts, &begin, &end);
  std::memset(memory + size_t(begin) * bytes_, 0, size_t(end - begin) * bytes_);
}

void Statistics::take(size_t i, const StatisticInputs& in, int64_t begin, int64_t count, char* part) const {
  const One& s = all_[i];
  const int64_t item = int64_t(item_size(s.dtype)), n = s.columns, column = begin % n;
  const auto follow = [&](int64_t from, int64_t rows, int64_t columns, int64_t at) {
    if (rows <= 0 || columns <= 0) return;
    char* const results = part + int64_t(s.offset) + at * item;
    const int64_t skip = from * item;
    if (in.factor)
      s.follow_product(results, in.values + skip, in.factor + skip, in.centre + skip, rows, columns, n);
    else
      s.follow(results, n, in.values + skip, rows, columns, n);
  };
  const int64_t head = std::min(count, column ? n - column : 0), rows = (count - head) / n;
  follow(0, 1, head, column);
  follow(head, rows, n, 0);
  follow(head + rows * n, 1, count - head - rows * n, 0);
}

void Statistics::join(const Lane& lane, int64_t parts, const char* memory, void* const* out) const {
  for (const One& s : all_) {
    const int64_t unit = kAlignment / int64_t(item_size(s.dtype));
    const bool single = s.dtype == DType::f32;
    if (s.kind == StatisticKind::squares) {
      if (lane.index == 0)
        single ? join_all<float>(s, parts, memory, out[0]) : join_all<double>(s, parts, memory, out[0]);
    } else {
      for_each_line_run(lane, 1, s.columns, unit, [&](int64_t, int64_t first, int64_t last) {
        for (int64_t c = first; c < last; c += kJoined) {
          const int64_t end = std::min(last, c + kJoined);
          single ? join_columns<float>(s, parts, memory, c, end, out)
                 : join_columns<double>(s, parts, memory, c, end, out);
        }
      });
    }
    out += s.kind == StatisticKind::moments ? 2 : 1;
  }
}

template <class T>
void Statistics::add_parts(const One& s, int64_t parts, const char* memory, int64_t first, int64_t last,
                           double* sum) const {
  for (int64_t p = 0; p < parts; ++p) {
    const T* from = reinterpret_cast<const T*>(memory + size_t(p) * bytes_ + s.offset) + first;
    for (int64_t c = 0; c < last - first; ++c) sum[c] += double(from[c]);
  }
}

template <class T>
void Statistics::join_all(const One& s, int64_t parts, const char* memory, void* out) const {
  double total = 0;
  for (int64_t first = 0; first < s.columns; first += kJoined) {
    const int64_t last = std::min(s.columns, first + kJoined);
    double sum[kJoined] = {};
    add_parts<T>(s, parts, memory, first, last, sum);
    for (int64_t c = 0; c < last - first; ++c) total += sum[c];
  }
  *static_cast<T*>(out) = T(total);
}

template <class T>
void Statistics::join_columns(const One& s, int64_t parts, const char* memory, int64_t first, int64_t last,
                              void* const* out) const {
  if (s.kind == StatisticKind::moments) return join_moments<T>(s, parts, memory, first, last, out[0], out[1]);
  double sum[kJoined] = {};
  add_parts<T>(s, parts, memory, first, last, sum);
  for (int64_t c = 0; c < last - first; ++c) static_cast<T*>(out[0])[first + c] = T(sum[c]);
}

// Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
template <class T>
void Statistics::join_moments(const One& s, int64_t parts, const char* memory, int64_t first, int64_t last,
                              void* mean_out, void* variance_out) const {
  double count = 0, mean[kJoined] = {}, squares[kJoined] = {};
  for (int64_t p = 0; p < parts; ++p) {
    const T* from = reinterpret_cast<const T*>(memory + size_t(p) * bytes_ + s.offset) + first;
    const double n = double(*from);
    if (n == 0) continue;
    const T *shift = from + s.columns, *sum = shift + s.columns, *spread = sum + s.columns;
    const double total = count + n, by_n = 1 / n, weight = n / total, both = n * count / total;
    for (int64_t c = 0; c < last - first; ++c) {
      const double centre = double(sum[c]) * by_n, distance = double(shift[c]) + centre - mean[c];
      mean[c] += distance * weight;
      const double own = double(spread[c]) - double(sum[c]) * centre;
      squares[c] += (own < 0 ? 0 : own) + distance * distance * both;
    }
    count = total;
  }
  for (int64_t c = 0; c < last - first; ++c) {
    static_cast<T*>(mean_out)[first + c] = T(mean[c]);
    static_cast<T*>(variance_out)[first + c] = T(squares[c] / count);
  }
}

}  // namespace axone
