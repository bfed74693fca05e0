// Random numbers from seed = [seed, counter] (int64): counter-based, so that element i depends on these and i
// alone.
#include <cmath>

#include "kernels/random.h"
#include "ops/execution.h"
#include "ops/random_bits.h"
#include "ops/rules.h"

namespace axone {

namespace {

void expect_seed(const OpCall& c, size_t i) {
  require<TypeError>(c.in(i) == TensorType{DType::i64, {2}}, c.name(),
                     ": expected an int64 seed of shape (2,), got ", dtype_name(c.in(i).dtype), " of shape ",
                     c.in(i).shape);
}

// ---- random_uniform, random_normal, random_truncated_normal

std::vector<TensorType> fill_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_seed(c, 0);
  TensorType out{dtype_from_name(c.attrs.get<std::string>("dtype").c_str()), c.attrs.get<Shape>("shape")};
  require<TypeError>(is_float(out.dtype), c.name(), ": expected dtype float32 or float64, got ",
                     dtype_name(out.dtype));
  element_count(out.shape);
  return {out};
}

// The lane's share of n elements, cut where groups of random numbers begin.
template <class F>
void for_groups(const Lane& lane, int64_t n, F f) {
  int64_t begin, end;
  lane.share(ceil_div(n, kRandomGroup), &begin, &end);
  begin *= kRandomGroup;
  end = std::min(n, end * kRandomGroup);
  if (begin < end) f(begin, end - begin);
}

// Numbers brought to their scale while they are in the first-level cache. Two loops: a fused multiply-add
// would round differently where the machine has one.
template <class T>
void place(T* x, int64_t n, T scale, T shift) {
  if (scale != T(1))
    for (int64_t i = 0; i < n; ++i) x[i] *= scale;
  if (shift != T(0))
    for (int64_t i = 0; i < n; ++i) x[i] += shift;
}

template <class T>
std::unique_ptr<Instruction> compile_fill_of(const OpCall& c, const char* kernel_name) {
  const auto kernel = kernel_function<RandomFill>(kernel_name, c.out().dtype);
  const int64_t n = element_count(c.out().shape);
  const T scale = T(c.attrs.get<double>("scale", 1)), shift = T(c.attrs.get<double>("shift", 0));
  return make_instruction(c.name(), n * int64_t(sizeof(T)) * 2 < kSerialBytes,
                          [=](const Lane& lane, const Operands& io) {
                            const RandomSeed s(io.input<int64_t>(0));
                            for_groups(lane, n, [&](int64_t begin, int64_t count) {
                              constexpr int64_t kPiece = 32 * kRandomGroup;
                              for (int64_t end = begin + count; begin < end; begin += kPiece) {
                                const int64_t size = std::min(kPiece, end - begin);
                                T* out = io.output<T>() + begin;
                                kernel(out, s.seed, s.counter, begin, size);
                                place(out, size, scale, shift);
                              }
                            });
                          });
}

// "scale" and "shift": what the numbers are multiplied by, and what is then added; 1 and 0 where not given.
std::unique_ptr<Instruction> compile_fill(const OpCall& c, const char* kernel_name) {
  return c.out().dtype == DType::f64 ? compile_fill_of<double>(c, kernel_name)
                                     : compile_fill_of<float>(c, kernel_name);
}

void define_fill(const char* name, PlainCompile compile) {
  define_op(name).type = fill_type;
  define_execution(name, compile);
}

// ---- dropout

std::vector<TensorType> dropout_type(const OpCall& c) {
  expect_inputs(c, 2);
  expect_float(c, 0);
  expect_seed(c, 1);
  const double rate = c.attrs.get<double>("rate");
  require(rate >= 0 && rate <= 1, "dropout: expected a rate from 0 to 1, got ", rate);
  return {c.in(0)};
}

Value simplify_dropout(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  const double rate = attrs.get<double>("rate");
  if (rate == 0) return in[0];
  return rate == 1 ? zeros_like(Sym(g, in[0])).value() : Value{};
}

std::unique_ptr<Instruction> compile_dropout(const OpCall& c) {
  const auto kernel = kernel_function<RandomDropout>("random.dropout", c.out().dtype);
  const int64_t n = element_count(c.out().shape), item = int64_t(item_size(c.out().dtype));
  const double rate = c.attrs.get<double>("rate"), scale = 1 / (1 - rate);
  const uint32_t threshold = uint32_t(std::min(std::floor(rate * 0x1p32), 0x1p32 - 1));
  return make_instruction("dropout", n * item * 2 < kSerialBytes, [=](const Lane& lane, const Operands& io) {
    const RandomSeed s(io.input<int64_t>(1));
    for_groups(lane, n, [&](int64_t begin, int64_t count) {
      kernel(io.output<char>() + begin * item, io.input<char>(0) + begin * item, s.seed, s.counter, begin,
             count, threshold, scale);
    });
  });
}

void define_dropout() {
  Op& op = define_op("dropout");
  op.type = dropout_type;
  op.simplify = simplify_dropout;
  // The mask is made again from the seed: it needs no memory between the passes.
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad().apply("dropout", {g.in(1)}, g.attrs), Sym()};
  };
  define_execution("dropout", compile_dropout);
}

// ---- random_integers, random_permutation

std::vector<TensorType> integers_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_seed(c, 0);
  const int64_t low = c.attrs.get<int64_t>("low"), high = c.attrs.get<int64_t>("high");
  require(low < high, "random_integers: expected low < high, got ", low, " and ", high);
  const Shape shape = c.attrs.get<Shape>("shape");
  element_count(shape);
  return {{DType::i64, shape}};
}

std::unique_ptr<Instruction> compile_integers(const OpCall& c) {
  const int64_t n = element_count(c.out().shape), low = c.attrs.get<int64_t>("low");
  const uint64_t range = uint64_t(c.attrs.get<int64_t>("high")) - uint64_t(low);
  const RandomBits::Kernel kernel = RandomBits::find_kernel();
  return make_instruction("random_integers", n * 16 < kSerialBytes,
                          [=](const Lane& lane, const Operands& io) {
                            RandomBits bits(kernel, RandomSeed(io.input<int64_t>(0)));
                            for_groups(lane, n, [&](int64_t begin, int64_t count) {
                              for (int64_t i = begin; i < begin + count; ++i)
                                io.output<int64_t>()[i] = int64_t(uint64_t(low) + bits.below(i, range));
                            });
                          });
}

std::vector<TensorType> permutation_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_seed(c, 0);
  const int64_t n = c.attrs.get<int64_t>("n");
  require(n >= 0, "random_permutation: expected a length of at least 0, got ", n);
  element_count({n});
  return {{DType::i64, {n}}};
}

// Fisher and Yates's shuffle: one after the other, therefore on one lane.
std::unique_ptr<Instruction> compile_permutation(const OpCall& c) {
  const int64_t n = c.out().shape[0];
  const RandomBits::Kernel kernel = RandomBits::find_kernel();
  return make_instruction("random_permutation", true, [=](const Lane&, const Operands& io) {
    RandomBits bits(kernel, RandomSeed(io.input<int64_t>(0)));
    int64_t* out = io.output<int64_t>();
    for (int64_t i = 0; i < n; ++i) {
      const int64_t j = int64_t(bits.below(i, uint64_t(i) + 1));
      out[i] = out[j];  // j may be i: then this reads what the next line sets
      out[j] = i;
    }
  });
}

[[maybe_unused]] const bool registered = [] {
  define_fill("random_uniform", [](const OpCall& c) { return compile_fill(c, "random.uniform"); });
  define_fill("random_normal", [](const OpCall& c) { return compile_fill(c, "random.normal"); });
  define_fill("random_truncated_normal",
              [](const OpCall& c) { return compile_fill(c, "random.truncated_normal"); });
  define_dropout();
  define_op("random_integers").type = integers_type;
  define_execution("random_integers", compile_integers);
  define_op("random_permutation").type = permutation_type;
  define_execution("random_permutation", compile_permutation);
  return true;
}();

}  // namespace

}  // namespace axone
