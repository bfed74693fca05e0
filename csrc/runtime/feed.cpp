#include "runtime/feed.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/error.h"
#include "cpu/dispatch.h"

namespace axone {

namespace {

struct Half {
  uint16_t bits;
  operator float() const {
    const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
    const float magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                            : exponent     ? std::ldexp(float(1024 + mantissa), exponent - 25)
                                           : std::ldexp(float(mantissa), -24);
    return bits & 0x8000 ? -magnitude : magnitude;
  }
};

template <class F>
decltype(auto) dispatch_source(SourceType t, F&& f) {
  switch (t) {
    case SourceType::f16:
      return f(static_cast<Half*>(nullptr));
    case SourceType::f32:
      return f(static_cast<float*>(nullptr));
    case SourceType::f64:
      return f(static_cast<double*>(nullptr));
    case SourceType::i8:
      return f(static_cast<int8_t*>(nullptr));
    case SourceType::i16:
      return f(static_cast<int16_t*>(nullptr));
    case SourceType::i32:
      return f(static_cast<int32_t*>(nullptr));
    case SourceType::i64:
      return f(static_cast<int64_t*>(nullptr));
    case SourceType::u8:
      return f(static_cast<uint8_t*>(nullptr));
    case SourceType::u16:
      return f(static_cast<uint16_t*>(nullptr));
    case SourceType::u32:
      return f(static_cast<uint32_t*>(nullptr));
    case SourceType::u64:
      return f(static_cast<uint64_t*>(nullptr));
    case SourceType::b8:
      break;
  }
  return f(static_cast<bool*>(nullptr));
}

size_t source_size(SourceType t) {
  return dispatch_source(t, [](auto* p) { return sizeof(*p); });
}

// Our type of the same bits, or false.
bool ours(SourceType t, DType* out) {
  switch (t) {
    case SourceType::f32:
      return *out = DType::f32, true;
    case SourceType::f64:
      return *out = DType::f64, true;
    case SourceType::i32:
      return *out = DType::i32, true;
    case SourceType::i64:
      return *out = DType::i64, true;
    case SourceType::u8:
      return *out = DType::u8, true;
    case SourceType::b8:
      return *out = DType::b8, true;
    default:
      return false;
  }
}

// A value of a user's array as a type of ours. Out-of-range floats become the nearest integer that fits, NaN
// 0.
template <class To, class From>
To convert(From raw) {
  if constexpr (std::is_same_v<From, Half>) {
    return convert<To>(float(raw));
  } else if constexpr (std::is_same_v<To, bool>) {
    return raw != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    constexpr double low = double(std::numeric_limits<To>::min()),
                     high = double(std::numeric_limits<To>::max());
    const double x = double(raw);
    if (x != x) return 0;
    return x <= low ? std::numeric_limits<To>::min() : x >= high ? std::numeric_limits<To>::max() : To(x);
  } else {
    return To(raw);
  }
}

template <class To, class From>
To* convert_run(const char* from, int64_t n, int64_t stride, To* to) {
  for (int64_t i = 0; i < n; ++i) {
    From raw;
    std::memcpy(&raw, from + i * stride, sizeof(From));
    *to++ = convert<To>(raw);
  }
  return to;
}

template <class To, class From>
To* convert_axes(const Source& s, size_t axis, const char* from, To* to) {
  if (axis == s.shape.size()) return convert_run<To, From>(from, 1, 0, to);
  if (axis + 1 == s.shape.size()) return convert_run<To, From>(from, s.shape[axis], s.strides[axis], to);
  for (int64_t i = 0; i < s.shape[axis]; ++i)
    to = convert_axes<To, From>(s, axis + 1, from + i * s.strides[axis], to);
  return to;
}

}  // namespace

Gather::Gather(const Source& source, const TensorType& batch, const char* name)
    : source_(source), to_(batch.dtype) {
  const Shape row(source.shape.begin() + 1, source.shape.end()),
      expected(batch.shape.begin() + 1, batch.shape.end());
  require(row == expected, name, ": expected samples of shape ", expected, ", got ", row);
  row_elements_ = element_count(row);
  int64_t step = int64_t(source_size(source.type));
  dense_rows_ = true;
  for (size_t a = source.shape.size(); a-- > 1; step *= source.shape[a])
    dense_rows_ &= source.shape[a] == 1 || source.strides[a] == step;
  DType from;
  if (ours(source.type, &from)) {
    same_type_ = from == to_;
    cast_ = kernel_function<MapFunction>((std::string("map.cast_") + dtype_name(to_)).c_str(), from);
  }
}

void Gather::copy_row(const char* from, char* to) const {
  if (dense_rows_ && same_type_) {
    std::memcpy(to, from, size_t(row_elements_) * item_size(to_));
  } else if (dense_rows_ && cast_ && uintptr_t(from) % source_size(source_.type) == 0) {
    cast_(to, from, nullptr, nullptr, row_elements_, 0);
  } else {
    dispatch(to_, [&](auto* p) {
      using To = std::remove_pointer_t<decltype(p)>;
      dispatch_source(source_.type, [&](auto* q) {
        convert_axes<To, std::remove_pointer_t<decltype(q)>>(source_, 1, from, reinterpret_cast<To*>(to));
      });
    });
  }
}

// Rows of a shuffled batch come from memory: the next ones are under way while one is copied, into the
// second-level cache, which can wait for more lines at a time than the first.
constexpr int64_t kBytesAhead = 6 * 1024, kFewestAhead = 2, kMostAhead = 32;

// Rows that are fetched ahead.
int64_t Gather::rows_ahead() const {
  const int64_t bytes = row_elements_ * int64_t(source_size(source_.type));
  return std::clamp(kBytesAhead / std::max<int64_t>(1, bytes), kFewestAhead, kMostAhead);
}

void Gather::fetch_row(const char* from) const {
  constexpr int64_t kMost = 4096;  // bytes; the hardware keeps up with longer runs
  if (!dense_rows_ || row_elements_ == 0) return;
  const int64_t bytes = std::min(kMost, row_elements_ * int64_t(source_size(source_.type)));
  for (int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + at, 0, 2);
  __builtin_prefetch(from + bytes - 1, 0, 2);  // rows need not begin with a line
}

void Gather::run(const Lane& lane, const int64_t* order, int64_t first, int64_t rows, void* out) const {
  const size_t row_bytes = size_t(row_elements_) * item_size(to_);
  int64_t begin, end;
  lane.share(rows, &begin, &end);
  const auto row = [&](int64_t r) { return row_at(order, first + r); };
  const int64_t ahead = rows_ahead();
  for (int64_t r = begin; r < end && r < begin + ahead; ++r) fetch_row(row(r));
  for (int64_t r = begin; r < end; ++r) {
    if (r + ahead < end) fetch_row(row(r + ahead));
    copy_row(row(r), static_cast<char*>(out) + size_t(r) * row_bytes);
  }
}

void Gather::place(const Lane& lane, const int64_t* order, int64_t first, int64_t count,
                   const void** rows) const {
  int64_t begin, end;
  lane.share(count, &begin, &end);
  for (int64_t r = begin; r < end; ++r) {
    rows[r] = row_at(order, first + r);
    if (r < begin + kFewestAhead) fetch_row(row_at(order, first + r));
  }
}

bool Gather::rows_in_place() const {
  const int64_t item = int64_t(item_size(to_));
  return dense_rows_ && same_type_ && uintptr_t(source_.data) % uintptr_t(item) == 0 &&
         source_.strides[0] % item == 0;
}

const void* Gather::in_place(int64_t first) const {
  const int64_t row_bytes = row_elements_ * int64_t(item_size(to_));
  const bool dense = source_.strides[0] == row_bytes || source_.shape[0] == 1;
  return dense && rows_in_place() ? row_at(nullptr, first) : nullptr;
}

}  // namespace axone
