// scatter_sum: slices added up at their positions along an axis of zeros: the gradient of gather. What
// follows it elementwise, such as the optimizer's step of a table, is applied to a few rows at a time, so
// that the table's gradient need not exist as a whole. Indices as gather has them.
#include <algorithm>
#include <cstring>

#include "ops/epilogue.h"
#include "ops/execution.h"
#include "ops/index.h"
#include "ops/rules.h"

namespace axone {

namespace {

// (indices, updates){axis, size}: the axis, counted from the front, has that size in the result.
std::vector<TensorType> scatter_sum_type(const OpCall& c) {
  const int64_t axis = c.attrs.get<int64_t>("axis"), size = c.attrs.get<int64_t>("size");
  expect_indexed_updates(c, axis);
  require(size >= 0, c.name(), ": the axis cannot have the size ", size);
  const Shape &indices = c.in(0).shape, &updates = c.in(1).shape;
  Shape out(updates.begin(), updates.begin() + axis);
  out.push_back(size);
  out.insert(out.end(), updates.begin() + axis + int64_t(indices.size()), updates.end());
  element_count(out);
  return {{c.in(1).dtype, out}};
}

// A lane owns a run of the result. It sorts the indices of the rows that lie in it by counting, so that each
// row's updates are added in their order, whatever the cut.
template <class I, class T>
class ScatterSum final : public Instruction {
 public:
  ScatterSum(const OpCall& c, std::unique_ptr<Epilogue> epilogue)
      : view_(c.out().shape, c.attrs.get<int64_t>("axis")),
        count_(element_count(c.in(0).shape)),
        serial_(int64_t(byte_size(c.out())) + 2 * int64_t(byte_size(c.in(1))) < kSerialBytes),
        epilogue_(std::move(epilogue)) {
    if (epilogue_ && epilogue_->follow(0)) epilogue_->take_pieces(kGemmPiece);
  }

  void run(const Lane& lane, const Operands& io) const override {
    char* const scratch = static_cast<char*>(io.scratch);
    Own own;
    constexpr int64_t kLine = 16;  // elements: 64 bytes of float32, so that lanes share no cache line
    const int64_t size = view_.size();
    lane.share(ceil_div(size, kLine), &own.begin, &own.end);
    own.begin *= kLine, own.end = std::min(own.end * kLine, size);
    if (own.begin < own.end) own.row = own.begin / view_.inner, own.row_end = (own.end - 1) / view_.inner + 1;
    own.starts = reinterpret_cast<int64_t*>(scratch + size_t(lane.index) * lane_bytes(lane.count));
    own.order = own.starts + most_rows(lane.count) + 2;
    own.updates = io.input<T>(1);
    sort(lane, io, own);
    if (!epilogue_) return add(own, own.begin, own.end, io.output<T>());
    epilogue_->run(lane, io, 2, scratch + size_t(lane.count) * lane_bytes(lane.count),
                   [&](void* raw, GemmEpilogue* follower) {
                     if (follower)
                       run_pieces(own, static_cast<T*>(raw), follower);
                     else
                       add(own, own.begin, own.end, static_cast<T*>(raw));
                   });
  }

  bool serial() const override { return serial_; }
  size_t scratch_bytes(int threads) const override {
    return size_t(threads) * lane_bytes(threads) + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  const char* name() const override { return "scatter_sum"; }

 private:
  struct Own {
    int64_t begin, end;            // elements
    int64_t row = 0, row_end = 0;  // that they lie in
    int64_t* starts;               // of each of these rows in `order`
    int64_t* order;                // their updates, by row
    const T* updates;
  };

  int64_t most_rows(int threads) const {
    return std::min(view_.outer * view_.n, view_.outer * view_.n / threads + 18);
  }
  // The own rows lie in that many of the outer slices, each of which has all updates.
  size_t lane_bytes(int threads) const {
    const int64_t slices = view_.n ? std::min(view_.outer, most_rows(threads) / view_.n + 2) : 0;
    return lane_region(size_t(most_rows(threads) + 2 + slices * count_) * sizeof(int64_t));
  }

  // Calls body(row, update) for all updates of own rows, in their order.
  template <class F>
  void for_updates(const Own& own, const I* indices, const F& body) const {
    for (int64_t o = own.row / view_.n; o * view_.n < own.row_end; ++o)
      for (int64_t j = 0; j < count_; ++j) {
        const int64_t i = resolve_index(indices[j], view_.n), row = o * view_.n + i;
        if (i >= 0 && row >= own.row && row < own.row_end) body(row - own.row, o * count_ + j);
      }
  }

  void sort(const Lane& lane, const Operands& io, const Own& own) const {
    const I* const indices = io.input<I>(0);
    for (int64_t j = 0; lane.index == 0 && j < count_; ++j)
      if (resolve_index(indices[j], view_.n) < 0)
        io.status->report("scatter: index out of range", int64_t(indices[j]));
    const int64_t rows = own.row_end - own.row;
    if (rows == 0) return;
    // Each row's number two places on, then where it starts one place on: filling moves that to its own
    // place.
    std::fill_n(own.starts, rows + 2, int64_t(0));
    for_updates(own, indices, [&](int64_t row, int64_t) { ++own.starts[row + 2]; });
    for (int64_t r = 2; r <= rows + 1; ++r) own.starts[r] += own.starts[r - 1];
    for_updates(own, indices,
                [&](int64_t row, int64_t update) { own.order[own.starts[row + 1]++] = update; });
  }

  // Elements [begin, end) of the result, which begins at `out`.
  void add(const Own& own, int64_t begin, int64_t end, T* out) const { add_at(own, begin, end, out + begin); }
  // The same, written to `to`.
  void add_at(const Own& own, int64_t begin, int64_t end, T* to) const {
    std::fill_n(to, end - begin, T(0));
    for (int64_t at = begin; at < end;) {
      const int64_t row = at / view_.inner, column = at % view_.inner;
      const int64_t width = std::min(view_.inner - column, end - at), r = row - own.row;
      for (int64_t k = own.starts[r]; k < own.starts[r + 1]; ++k)
        add_row(to, own.updates + own.order[k] * view_.inner + column, width);
      to += width, at += width;
    }
  }
  static void add_row(T* to, const T* from, int64_t width) {
    for (int64_t i = 0; i < width; ++i) to[i] = T(to[i] + from[i]);
  }

  void run_pieces(const Own& own, T* raw, GemmEpilogue* follower) const {
    T* const piece = static_cast<T*>(follower->piece());
    for (int64_t begin = own.begin; begin < own.end; begin += kGemmPiece) {
      const int64_t end = std::min(begin + kGemmPiece, own.end);
      add_at(own, begin, end, piece ? piece : raw + begin);
      piece ? follower->apply(begin, end - begin, piece) : follower->apply(begin, end - begin);
    }
  }

  const AxisView view_;
  const int64_t count_;
  const bool serial_;
  const std::unique_ptr<Epilogue> epilogue_;
};

std::unique_ptr<Instruction> compile_scatter_sum(const OpCall& c, std::unique_ptr<Epilogue> epilogue) {
  return make_indexed(c.in(0).dtype, c.out().dtype, [&](auto i, auto t) {
    return std::make_unique<ScatterSum<decltype(i), decltype(t)>>(c, std::move(epilogue));
  });
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("scatter_sum");
  op.type = scatter_sum_type;
  op.epilogue = true;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const int64_t axis = g.attrs.get<int64_t>("axis");
    return {Sym(), g.grad().apply("gather", {g.in(0)}, {{"axis", axis}})};
  };
  define_execution("scatter_sum", compile_scatter_sum);
  return true;
}();

}  // namespace

}  // namespace axone
