// pad: a constant around a tensor.
#include <algorithm>
#include <cstring>

#include "ops/execution.h"
#include "ops/rules.h"

namespace axone {

namespace {

std::vector<TensorType> pad_type(const OpCall& c) {
  expect_inputs(c, 1);
  const Axes low = c.attrs.get<Axes>("low"), high = c.attrs.get<Axes>("high");
  TensorType out = c.in(0);
  require(low.size() == out.shape.size() && high.size() == out.shape.size(), "pad: expected ",
          out.shape.size(), " widths before and after for shape ", out.shape, ", got ", low, " and ", high);
  for (size_t i = 0; i < low.size(); ++i) {
    int64_t& n = out.shape[i];
    require(low[i] >= 0 && high[i] >= 0, "pad: expected widths of at least 0, got ", low[i], " and ", high[i],
            " along axis ", i);
    require<MemoryError>(!__builtin_add_overflow(n, low[i], &n) && !__builtin_add_overflow(n, high[i], &n),
                         "pad: the result is larger than the address space");
  }
  element_count(out.shape);
  return {out};
}

struct PaddedAxis {
  int64_t size, low, high;
  int64_t total() const { return low + size + high; }
};

// An axis without padding is one run with the axis before it.
std::vector<PaddedAxis> merged_axes(const Shape& shape, const Axes& low, const Axes& high) {
  std::vector<PaddedAxis> axes{{1, 0, 0}};
  for (size_t i = 0; i < shape.size(); ++i) {
    PaddedAxis& last = axes.back();
    if (low[i] == 0 && high[i] == 0)
      last = {last.size * shape[i], last.low * shape[i], last.high * shape[i]};
    else
      axes.push_back({shape[i], low[i], high[i]});
  }
  return axes;
}

template <class U>
struct PadRows {
  std::vector<PaddedAxis> outer;  // of the rows, slowest first
  PaddedAxis row;
  U fill;

  // The input's row that lies in the output's row r, or -1 where that is padding.
  int64_t source_row(int64_t r) const {
    int64_t source = 0, scale = 1;
    for (size_t a = outer.size(); a-- > 0;) {
      const int64_t i = r % outer[a].total() - outer[a].low;
      if (i < 0 || i >= outer[a].size) return -1;
      source += i * scale;
      scale *= outer[a].size;
      r /= outer[a].total();
    }
    return source;
  }

  void run(const Lane& lane, const U* in, U* out) const {
    const int64_t width = row.total();
    int64_t rows = width == 0 ? 0 : 1, begin, end;
    for (const PaddedAxis& a : outer) rows *= a.total();
    lane.share(rows, &begin, &end);
    for (int64_t r = begin; r < end; ++r) {
      U* target = out + r * width;
      const int64_t source = source_row(r);
      if (source < 0) {
        std::fill_n(target, width, fill);
        continue;
      }
      std::fill_n(target, row.low, fill);
      std::copy_n(in + source * row.size, row.size, target + row.low);
      std::fill_n(target + row.low + row.size, row.high, fill);
    }
  }
};

// The bits of `value` as an element of that type.
template <class U>
U bits_of(DType t, double value) {
  U bits{};
  const Tensor scalar = scalar_of(t, value);
  std::memcpy(&bits, scalar.data(), sizeof(U));
  return bits;
}

std::unique_ptr<Instruction> compile_pad(const OpCall& c) {
  std::vector<PaddedAxis> axes =
      merged_axes(c.in(0).shape, c.attrs.get<Axes>("low"), c.attrs.get<Axes>("high"));
  const PaddedAxis row = axes.back();
  axes.pop_back();
  const bool serial = 2 * int64_t(byte_size(c.out())) < kSerialBytes;
  std::unique_ptr<Instruction> result;
  dispatch_size(item_size(c.out().dtype), [&](auto* p) {
    using U = std::remove_pointer_t<decltype(p)>;
    const PadRows<U> pad{axes, row, bits_of<U>(c.out().dtype, c.attrs.get<double>("value", 0.0))};
    result = make_instruction("pad", serial, [pad](const Lane& lane, const Operands& io) {
      pad.run(lane, io.input<U>(0), io.output<U>());
    });
  });
  return result;
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("pad");
  op.type = pad_type;
  op.simplify = [](Graph& g, const std::vector<Value>& in, const Attrs& attrs) -> Value {
    const Axes none(g.shape(in[0]).size(), 0);
    return attrs.get<Axes>("low") == none && attrs.get<Axes>("high") == none ? in[0] : Value{};
  };
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Shape part = g.in(0).shape();
    const Axes steps(part.size(), 1);
    return {g.grad().apply("slice", {},
                           {{"starts", g.attrs.get<Axes>("low")}, {"sizes", part}, {"steps", steps}})};
  };
  define_execution("pad", compile_pad);
  return true;
}();

}  // namespace

}  // namespace axone
