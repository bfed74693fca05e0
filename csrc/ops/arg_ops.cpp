// argmax, argmin: the first place of the largest or smallest element along an axis; NaN counts as either.
#include <algorithm>
#include <cstdint>

#include "kernels/reduce.h"
#include "ops/execution.h"
#include "ops/lines.h"
#include "ops/rules.h"

namespace axone {

namespace {

std::vector<TensorType> arg_type(const OpCall& c) {
  expect_inputs(c, 1);
  const int64_t axis = axis_of(c);
  TensorType out{DType::i64, c.in(0).shape};
  require(out.shape[size_t(axis)] > 0, c.name(), ": axis ", axis, " of shape ", out.shape,
          " is empty; it needs at least one element");
  if (c.attrs.get<bool>("keepdims", false))
    out.shape[size_t(axis)] = 1;
  else
    out.shape.erase(out.shape.begin() + axis);
  return {out};
}

// Neighbouring lines side by side: a stretch of columns is passed over row by row, without branches, with
// places as wide as the elements where that is wide enough for them.
template <bool largest, class T, class Place>
void best_of_columns(const Lane& lane, const AxisView& v, const T* x, int64_t* out) {
  constexpr int64_t kWidth = 256;
  for_each_line_run(lane, v.outer, v.inner, 16, [&](int64_t o, int64_t first, int64_t last) {
    for (; first < last; first += kWidth) {
      const int64_t width = std::min(kWidth, last - first);
      T best[kWidth];
      Place place[kWidth] = {};
      const T* row = x + o * v.n * v.inner + first;
      std::copy_n(row, width, best);
      for (int64_t r = 1; r < v.n; ++r) {
        row += v.inner;
        for (int64_t k = 0; k < width; ++k) {
          // Also where the element is NaN and the best is not.
          const bool better = !(largest ? row[k] <= best[k] : row[k] >= best[k]) & (best[k] == best[k]);
          best[k] = better ? row[k] : best[k];
          place[k] = better ? Place(r) : place[k];
        }
      }
      std::copy_n(place, width, out + o * v.inner + first);
    }
  });
}

template <bool largest>
std::unique_ptr<Instruction> compile_arg(const OpCall& c) {
  const AxisView v(c.in(0).shape, axis_of(c));
  const DType dtype = c.in(0).dtype;
  const bool serial = int64_t(byte_size(c.in(0))) < kSerialBytes;
  std::unique_ptr<Instruction> result;
  if (v.inner == 1) {
    const auto kernel =
        kernel_function<ReduceRows>(largest ? "reduce.argmax_rows" : "reduce.argmin_rows", dtype);
    const int64_t row_bytes = v.n * int64_t(item_size(dtype));
    return make_instruction(c.name(), serial, [=](const Lane& lane, const Operands& io) {
      int64_t begin, end;
      lane.share(v.outer, &begin, &end);
      if (begin < end)
        kernel(io.output<int64_t>() + begin, io.input<char>(0) + begin * row_bytes, end - begin, v.n, v.n);
    });
  }
  dispatch(dtype, [&](auto* p) {
    using T = std::remove_pointer_t<decltype(p)>;
    const bool narrow = v.n <= INT32_MAX;
    result = make_instruction(c.name(), serial, [v, narrow](const Lane& lane, const Operands& io) {
      if (narrow)
        best_of_columns<largest, T, int32_t>(lane, v, io.input<T>(0), io.output<int64_t>());
      else
        best_of_columns<largest, T, int64_t>(lane, v, io.input<T>(0), io.output<int64_t>());
    });
  });
  return result;
}

// The largest probability is the largest logit, whatever rounding makes of neighbours.
Value simplify_argmax(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  if (!is_op(g, in[0], "softmax")) return {};
  const size_t rank = g.shape(in[0]).size();
  if (normalize_axis(attrs.get<int64_t>("axis"), rank, "argmax") != int64_t(rank) - 1) return {};
  return g.add("argmax", g.node(in[0]).inputs, attrs);
}

[[maybe_unused]] const bool registered = [] {
  Op& argmax = define_op("argmax");
  argmax.type = arg_type;
  argmax.simplify = simplify_argmax;
  define_execution("argmax", compile_arg<true>);
  define_op("argmin").type = arg_type;
  define_execution("argmin", compile_arg<false>);
  return true;
}();

}  // namespace

}  // namespace axone
