// tril, triu: the lower or upper triangle of the last two axes, zeros elsewhere.
#include <algorithm>
#include <cstring>

#include "ops/execution.h"
#include "ops/rules.h"

namespace axone {

namespace {

std::vector<TensorType> triangle_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_rank(c, 0, 2);
  c.attrs.get<int64_t>("k");
  return {c.in(0)};
}

struct Triangle {
  int64_t rows, columns, matrices, k, item;
  bool upper;

  void run(const Lane& lane, const char* in, char* out) const {
    int64_t begin, end;
    lane.share(matrices * rows, &begin, &end);
    for (int64_t r = begin; r < end; ++r) {
      // Row i keeps the columns up to i + k (lower) or from i + k on (upper).
      const int64_t edge = std::clamp<int64_t>(r % rows + k + (upper ? 0 : 1), 0, columns);
      const int64_t first = upper ? edge : 0, last = upper ? columns : edge;
      char* row = out + r * columns * item;
      std::memset(row, 0, size_t(first * item));
      std::memcpy(row + first * item, in + (r * columns + first) * item, size_t((last - first) * item));
      std::memset(row + last * item, 0, size_t((columns - last) * item));
    }
  }
};

template <bool upper>
std::unique_ptr<Instruction> compile_triangle(const OpCall& c) {
  const Shape& shape = c.out().shape;
  const size_t rank = shape.size();
  Triangle t{shape[rank - 2], shape[rank - 1], 1, 0, int64_t(item_size(c.out().dtype)), upper};
  for (size_t i = 0; i + 2 < rank; ++i) t.matrices *= shape[i];
  const int64_t limit = t.rows + t.columns;  // beyond it all or nothing is kept
  t.k = std::clamp(c.attrs.get<int64_t>("k"), -limit, limit);
  if (byte_size(c.out()) == 0) t.matrices = 0;
  return make_instruction(
      c.name(), 2 * int64_t(byte_size(c.out())) < kSerialBytes,
      [t](const Lane& lane, const Operands& io) { t.run(lane, io.input<char>(0), io.output<char>()); });
}

template <bool upper>
void define_triangle(const char* name) {
  Op& op = define_op(name);
  op.type = triangle_type;
  op.gradient = [name](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad().apply(name, {}, g.attrs)};
  };
  define_execution(name, compile_triangle<upper>);
}

[[maybe_unused]] const bool registered = [] {
  define_triangle<false>("tril");
  define_triangle<true>("triu");
  return true;
}();

}  // namespace

}  // namespace axone
