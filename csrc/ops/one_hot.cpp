// one_hot: a row of zeros per index with a one at the index; all zeros for an index outside [0, depth).
#include <algorithm>

#include "ops/execution.h"
#include "ops/index.h"
#include "ops/rules.h"

namespace axone {

namespace {

std::vector<TensorType> one_hot_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_integer(c, 0, "indices");
  const int64_t depth = c.attrs.get<int64_t>("depth");
  require(depth >= 0, "one_hot: expected a number of classes of at least 0, got ", depth);
  TensorType out{dtype_from_name(c.attrs.get<std::string>("dtype").c_str()), c.in(0).shape};
  out.shape.push_back(depth);
  element_count(out.shape);
  return {out};
}

template <class I, class T>
void one_hot_rows(const Lane& lane, const I* indices, T* out, int64_t rows, int64_t depth) {
  int64_t begin, end;
  lane.share(rows, &begin, &end);
  std::fill_n(out + begin * depth, (end - begin) * depth, T(0));
  for (int64_t r = begin; r < end; ++r)
    if (uint64_t(indices[r]) < uint64_t(depth)) out[r * depth + int64_t(indices[r])] = T(1);
}

std::unique_ptr<Instruction> compile_one_hot(const OpCall& c) {
  const int64_t rows = element_count(c.in(0).shape), depth = c.out().shape.back();
  const bool serial = int64_t(byte_size(c.out())) < kSerialBytes;
  return make_indexed<true>(c.in(0).dtype, c.out().dtype, [&](auto i, auto t) {
    using I = decltype(i);
    using T = decltype(t);
    return make_instruction("one_hot", serial, [=](const Lane& lane, const Operands& io) {
      one_hot_rows(lane, io.input<I>(0), io.output<T>(), rows, depth);
    });
  });
}

[[maybe_unused]] const bool registered = [] {
  define_op("one_hot").type = one_hot_type;
  define_execution("one_hot", compile_one_hot);
  return true;
}();

}  // namespace

}  // namespace axone
