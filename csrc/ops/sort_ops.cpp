// sort, argsort, top_k along the last axis (others are transposed to it). Elements become integer keys with
// their place in the low bits: one comparison orders them, equal elements keep their order, NaN counts as the
// largest.
#include <algorithm>
#include <cstring>
#include <limits>

#include "base/buffer.h"
#include "ops/execution.h"
#include "ops/rules.h"

namespace axone {

namespace {

// ---- keys: unsigned integers in the order of the elements; -0 equals 0

uint32_t order_key(float x) {
  if (x != x) return ~uint32_t(0);
  x += 0.0f;
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
uint64_t order_key(double x) {
  if (x != x) return ~uint64_t(0);
  x += 0.0;
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits >> 63 ? ~bits : bits | uint64_t(1) << 63;
}
uint32_t order_key(int32_t x) {
  return uint32_t(x) ^ 0x80000000u;
}
uint64_t order_key(int64_t x) {
  return uint64_t(x) ^ uint64_t(1) << 63;
}
uint32_t order_key(uint8_t x) {
  return x;
}
uint32_t order_key(bool x) {
  return x;
}

// A key above a place in the line.
struct ShortEntry {
  uint64_t bits;
  ShortEntry(uint32_t key, int64_t place) : bits(uint64_t(key) << 32 | uint64_t(place)) {}
  bool operator<(const ShortEntry& o) const { return bits < o.bits; }
  int64_t place() const { return int64_t(bits & 0xffffffff); }
};
struct LongEntry {
  uint64_t key;
  int64_t at;
  LongEntry(uint64_t k, int64_t place) : key(k), at(place) {}
  bool operator<(const LongEntry& o) const { return key != o.key ? key < o.key : at < o.at; }
  int64_t place() const { return at; }
};

// ---- the instruction

// What is made of each line of n elements: its first k in order, as values, as places, or both.
struct SortPlan {
  int64_t rows, n, k;
  bool descending;
  int values, places;  // the outputs' numbers, or -1
};

template <class T, class Entry>
class SortInstruction final : public Instruction {
 public:
  SortInstruction(const char* name, const SortPlan& plan) : name_(name), plan_(plan) {}

  void run(const Lane& lane, const Operands& io) const override {
    Entry* entries =
        reinterpret_cast<Entry*>(static_cast<char*>(io.scratch) + size_t(lane.index) * lane_bytes());
    int64_t begin, end;
    lane.share(plan_.n == 0 ? 0 : plan_.rows, &begin, &end);
    for (int64_t r = begin; r < end; ++r) {
      const T* x = io.input<T>(0) + r * plan_.n;
      order(x, entries);
      for (int64_t i = 0; i < plan_.k; ++i) {
        const int64_t place = entries[i].place();
        if (plan_.values >= 0) io.output<T>(size_t(plan_.values))[r * plan_.k + i] = x[place];
        if (plan_.places >= 0) io.output<int64_t>(size_t(plan_.places))[r * plan_.k + i] = place;
      }
    }
  }
  // Sorting costs about ten times as much as copying.
  bool serial() const override { return plan_.rows * plan_.n * int64_t(sizeof(T)) * 10 < kSerialBytes; }
  size_t scratch_bytes(int threads) const override { return size_t(threads) * lane_bytes(); }
  const char* name() const override { return name_; }

 private:
  size_t lane_bytes() const { return lane_region(size_t(plan_.n) * sizeof(Entry)); }

  void order(const T* x, Entry* entries) const {
    using Key = decltype(order_key(T()));
    const Key flip = plan_.descending ? ~Key(0) : Key(0);
    for (int64_t i = 0; i < plan_.n; ++i) entries[i] = Entry(order_key(x[i]) ^ flip, i);
    // A heap of k is cheaper than sorting all while k is small.
    if (plan_.k * 8 <= plan_.n)
      std::partial_sort(entries, entries + plan_.k, entries + plan_.n);
    else
      std::sort(entries, entries + plan_.n);
  }

  const char* name_;
  SortPlan plan_;
};

std::unique_ptr<Instruction> make_sort(const OpCall& c, int64_t k, bool descending, int values, int places) {
  const Shape& shape = c.in(0).shape;
  SortPlan plan{1, shape.back(), k, descending, values, places};
  for (size_t i = 0; i + 1 < shape.size(); ++i) plan.rows *= shape[i];
  std::unique_ptr<Instruction> result;
  dispatch(c.in(0).dtype, [&](auto* p) {
    using T = std::remove_pointer_t<decltype(p)>;
    if (sizeof(order_key(T())) == 4 && plan.n <= int64_t(std::numeric_limits<uint32_t>::max()))
      result = std::make_unique<SortInstruction<T, ShortEntry>>(c.name(), plan);
    else
      result = std::make_unique<SortInstruction<T, LongEntry>>(c.name(), plan);
  });
  return result;
}

// ---- types and gradients

std::vector<TensorType> sort_type(const OpCall& c) {
  expect_inputs(c, 1);
  axis_of(c);
  return {c.in(0)};
}

std::vector<TensorType> argsort_type(const OpCall& c) {
  expect_inputs(c, 1);
  axis_of(c);
  return {{DType::i64, c.in(0).shape}};
}

std::vector<TensorType> top_k_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_rank(c, 0, 1);
  const int64_t k = c.attrs.get<int64_t>("k");
  TensorType out = c.in(0);
  require(k >= 0 && k <= out.shape.back(), "top_k: expected k from 0 to the size of the last axis, ",
          out.shape.back(), ", got ", k);
  out.shape.back() = k;
  return {out, {DType::i64, out.shape}};
}

// dy goes back to the places that the values came from.
Sym put_back(const GradientCall& g, const Sym& places) {
  const Shape shape = g.in(0).shape();
  const int64_t last = int64_t(shape.size()) - 1;
  return places.apply("put_along_axis_sum", {g.grad()}, {{"axis", last}, {"size", shape.back()}});
}

void define_sort() {
  Op& op = define_op("sort");
  op.type = sort_type;
  op.simplify = on_last_axis("sort");
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {put_back(g, g.in(0).apply("argsort", {}, g.attrs))};
  };
  define_execution("sort", [](const OpCall& c) {
    return make_sort(c, c.in(0).shape.back(), c.attrs.get<bool>("descending", false), 0, -1);
  });
}

void define_argsort() {
  Op& op = define_op("argsort");
  op.type = argsort_type;
  op.simplify = on_last_axis("argsort");
  define_execution("argsort", [](const OpCall& c) {
    return make_sort(c, c.in(0).shape.back(), c.attrs.get<bool>("descending", false), -1, 0);
  });
}

void define_top_k() {
  Op& op = define_op("top_k");
  op.type = top_k_type;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad() ? put_back(g, g.out(1)) : Sym()};
  };
  define_execution("top_k",
                   [](const OpCall& c) { return make_sort(c, c.attrs.get<int64_t>("k"), true, 0, 1); });
}

[[maybe_unused]] const bool registered = [] {
  define_sort();
  define_argsort();
  define_top_k();
  return true;
}();

}  // namespace

}  // namespace axone
