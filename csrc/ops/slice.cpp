// slice: every steps-th element from starts on, along each axis; unslice: its adjoint.
#include <algorithm>
#include <cstring>

#include "ops/conv/padding.h"
#include "ops/execution.h"
#include "ops/rules.h"
#include "ops/strided_copy.h"

namespace axone {

namespace {

struct Slice {
  Axes starts, steps;
};

// The attributes, checked against the whole tensor's shape and the part's: no element outside is ever
// touched.
Slice checked_slice(const Attrs& attrs, const Shape& whole, const Shape& part, const char* name) {
  Slice s{attrs.get<Axes>("starts"), attrs.get<Axes>("steps")};
  require(s.starts.size() == whole.size() && s.steps.size() == whole.size() && part.size() == whole.size(),
          name, ": expected ", whole.size(), " starts, sizes and steps for shape ", whole, ", got ", s.starts,
          ", ", part, " and ", s.steps);
  for (size_t i = 0; i < whole.size(); ++i) {
    const int64_t n = whole[i], first = s.starts[i], step = s.steps[i], size = part[i];
    require(size >= 0 && step != 0, name,
            ": expected a size of at least 0 and a step other than 0 along axis ", i, ", got ", size, " and ",
            step);
    if (size == 0) {
      s.starts[i] = 0, s.steps[i] = 1;  // nothing is read: any start will do
      continue;
    }
    int64_t last = 0;
    const bool overflow =
        __builtin_mul_overflow(size - 1, step, &last) || __builtin_add_overflow(last, first, &last);
    require(!overflow && first >= 0 && first < n && last >= 0 && last < n, name, ": ", size,
            " elements from ", first, " on with step ", step, " do not lie within axis ", i, " of size ", n);
    if (size == 1) s.steps[i] = 1;
  }
  return s;
}

std::vector<TensorType> slice_type(const OpCall& c) {
  expect_inputs(c, 1);
  const Shape sizes = c.attrs.get<Shape>("sizes");
  checked_slice(c.attrs, c.in(0).shape, sizes, "slice");
  return {{c.in(0).dtype, sizes}};
}

std::vector<TensorType> unslice_type(const OpCall& c) {
  expect_inputs(c, 1);
  const Shape whole = c.attrs.get<Shape>("shape");
  element_count(whole);
  checked_slice(c.attrs, whole, c.in(0).shape, "unslice");
  return {{c.in(0).dtype, whole}};
}

bool all_ones(const Axes& steps) {
  return std::all_of(steps.begin(), steps.end(), [](int64_t s) { return s == 1; });
}

Value simplify_slice(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  const bool whole = g.shape(in[0]) == attrs.get<Shape>("sizes");
  return whole && all_ones(attrs.get<Axes>("steps")) ? in[0] : Value{};
}

// Where every step is 1, what surrounds the part is padding.
Value simplify_unslice(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  if (!all_ones(attrs.get<Axes>("steps"))) return {};
  const Shape whole = attrs.get<Shape>("shape"), part = g.shape(in[0]);
  const Axes low = attrs.get<Axes>("starts");
  Axes high;
  for (size_t i = 0; i < whole.size(); ++i) {
    if (part[i] == 0) return {};
    high.push_back(whole[i] - low[i] - part[i]);
  }
  return g.add("pad", {in[0]}, {{"low", low}, {"high", high}, {"value", 0.0}});
}

struct SlicedView {
  std::vector<int64_t> strides;
  int64_t offset = 0;
};

SlicedView view_of(const Slice& s, const Shape& whole) {
  SlicedView v{dense_strides(whole), 0};
  for (size_t i = 0; i < whole.size(); ++i) {
    v.offset += s.starts[i] * v.strides[i];
    v.strides[i] *= s.steps[i];
  }
  return v;
}

std::unique_ptr<Instruction> compile_slice(const OpCall& c) {
  const Shape& whole = c.in(0).shape;
  const Shape& part = c.out().shape;
  const SlicedView view = view_of(checked_slice(c.attrs, whole, part, "slice"), whole);
  StridedCopy copy(part, view.strides, dense_strides(part), item_size(c.out().dtype), view.offset, 0);
  const bool serial = copy.bytes() < kSerialBytes;
  return make_instruction("slice", serial, [copy = std::move(copy)](const Lane& lane, const Operands& io) {
    copy.run(lane, io.in[0], io.out[0]);
  });
}

std::unique_ptr<Instruction> compile_unslice(const OpCall& c) {
  const Shape& part = c.in(0).shape;
  const Shape& whole = c.out().shape;
  const SlicedView view = view_of(checked_slice(c.attrs, whole, part, "unslice"), whole);
  StridedCopy copy(part, dense_strides(part), view.strides, item_size(c.out().dtype), 0, view.offset);
  const int64_t bytes = int64_t(byte_size(c.out()));
  return make_instruction("unslice", bytes < kSerialBytes,
                          [copy = std::move(copy), bytes](const Lane& lane, const Operands& io) {
                            int64_t begin, end;
                            lane.share(bytes, &begin, &end);
                            std::memset(io.output<char>() + begin, 0, size_t(end - begin));
                            lane.barrier();
                            copy.run(lane, io.in[0], io.out[0]);
                          });
}

void define_slice() {
  Op& op = define_op("slice");
  op.type = slice_type;
  op.simplify = simplify_slice;
  op.rewrite = input_grad_without_slice;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Shape whole = g.in(0).shape();
    const Axes starts = g.attrs.get<Axes>("starts"), steps = g.attrs.get<Axes>("steps");
    return {g.grad().apply("unslice", {}, {{"shape", whole}, {"starts", starts}, {"steps", steps}})};
  };
  define_execution("slice", compile_slice);
}

void define_unslice() {
  Op& op = define_op("unslice");
  op.type = unslice_type;
  op.simplify = simplify_unslice;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Shape part = g.in(0).shape();
    const Axes starts = g.attrs.get<Axes>("starts"), steps = g.attrs.get<Axes>("steps");
    return {g.grad().apply("slice", {}, {{"starts", starts}, {"sizes", part}, {"steps", steps}})};
  };
  define_execution("unslice", compile_unslice);
}

[[maybe_unused]] const bool registered = [] {
  define_slice();
  define_unslice();
  return true;
}();

}  // namespace

}  // namespace axone
