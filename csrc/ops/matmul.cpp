// Matrix product over the last two axes; leading axes are batches and broadcast.
#include <algorithm>
#include <numeric>

#include "ops/epilogue.h"
#include "ops/gemm_instruction.h"

namespace axone {

namespace {

Shape batch_of(const Shape& s) {
  return Shape(s.begin(), s.end() - 2);
}

bool flag(const Attrs& attrs, const char* name) {
  return attrs.get<bool>(name, false);
}

// GemmShape::samples, which products that come of this one keep.
int64_t samples_of(const Attrs& attrs) {
  return attrs.get<int64_t>("samples", 0);
}

Attrs product_attrs(bool ta, bool tb, int64_t samples) {
  Attrs attrs{{"transpose_a", ta}, {"transpose_b", tb}};
  if (samples) attrs.set("samples", samples);
  return attrs;
}

struct Sizes {
  int64_t m, n, k;
};

Sizes sizes_of(const TensorType& a, const TensorType& b, const Attrs& attrs) {
  const bool ta = flag(attrs, "transpose_a"), tb = flag(attrs, "transpose_b");
  const size_t p = a.shape.size(), q = b.shape.size();
  const int64_t k = a.shape[p - (ta ? 2 : 1)], k_b = b.shape[q - (tb ? 1 : 2)];
  require(k == k_b, "matmul: shapes ", a.shape, ta ? " (transposed)" : "", " and ", b.shape,
          tb ? " (transposed)" : "", " do not fit: the inner sizes are ", k, " and ", k_b);
  return {a.shape[p - (ta ? 1 : 2)], b.shape[q - (tb ? 2 : 1)], k};
}

std::vector<TensorType> matmul_type(const OpCall& c) {
  require<TypeError>(c.inputs.size() == 2, "matmul: expected 2 inputs, got ", c.inputs.size());
  const TensorType &a = c.in(0), &b = c.in(1);
  require(a.shape.size() >= 2 && b.shape.size() >= 2, "matmul: expected at least 2 axes, got shapes ",
          a.shape, " and ", b.shape);
  require<TypeError>(a.dtype == b.dtype && a.dtype != DType::b8 && a.dtype != DType::u8,
                     "matmul: expected two tensors of one dtype (float32, float64, int32 or int64), got ",
                     dtype_name(a.dtype), " and ", dtype_name(b.dtype));
  const Sizes s = sizes_of(a, b, c.attrs);
  Shape shape = broadcast_shapes(batch_of(a.shape), batch_of(b.shape), "matmul");
  shape.push_back(s.m);
  shape.push_back(s.n);
  return {{a.dtype, shape}};
}

// One batch of A against another of B: equal batches, or one of the two has a single matrix.
bool direct_batches(const Shape& a, const Shape& b) {
  const Shape p = batch_of(a), q = batch_of(b);
  return p == q || element_count(p) == 1 || element_count(q) == 1;
}

// The input of a transpose that swaps just the last two axes.
Value swapped(const Graph& g, Value v) {
  const Node& n = g.node(v);
  if (!n.op || std::string(n.op->name) != "transpose") return {};
  Axes swap(n.outputs[0].shape.size());
  std::iota(swap.begin(), swap.end(), 0);
  if (swap.size() < 2) return {};
  std::swap(swap[swap.size() - 1], swap[swap.size() - 2]);
  return n.attrs.get<Axes>("perm") == swap ? n.inputs[0] : Value{};
}

// Takes transposes of the operands into the product.
Value shorten_matmul(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  const Value a = swapped(g, in[0]), b = swapped(g, in[1]);
  if (!a && !b) return {};
  return g.add("matmul", {a ? a : in[0], b ? b : in[1]},
               product_attrs(flag(attrs, "transpose_a") != bool(a), flag(attrs, "transpose_b") != bool(b),
                             samples_of(attrs)));
}

// One matrix of B for all rows of A is one tall product, which sequences pass however long they are; batches
// that fit no simple stride are broadcast.
Value simplify_matmul(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  const bool ta = flag(attrs, "transpose_a"), tb = flag(attrs, "transpose_b");
  auto product = [&](Value a, Value b, int64_t samples) {
    return g.add("matmul", {a, b}, product_attrs(ta, tb, samples));
  };
  const Shape a = g.shape(in[0]), b = g.shape(in[1]);
  if (a.size() > 2 && b.size() == 2 && !ta) {
    const int64_t rows = element_count(Shape(a.begin(), a.end() - 1));
    Shape shape(a.begin(), a.end() - 1);
    shape.push_back(tb ? b[0] : b[1]);
    const Sym tall = reshape({g, in[0]}, {rows, a.back()});
    return reshape({g, product(tall.value(), in[1], a[0])}, shape).value();
  }
  if (direct_batches(a, b)) return {};
  const Shape batch = broadcast_shapes(batch_of(a), batch_of(b), "matmul");
  auto expand = [&](Value v, const Shape& shape) {
    Shape full = batch;
    full.insert(full.end(), shape.end() - 2, shape.end());
    return broadcast_to({g, v}, full).value();
  };
  return product(expand(in[0], a), expand(in[1], b), samples_of(attrs));
}

std::vector<Sym> matmul_gradient(const GradientCall& g) {
  const bool ta = flag(g.attrs, "transpose_a"), tb = flag(g.attrs, "transpose_b");
  const Sym &a = g.in(0), &b = g.in(1), &dy = g.grad();
  auto product = [&](const Sym& x, const Sym& y, bool tx, bool ty) {
    return x.apply("matmul", {y}, product_attrs(tx, ty, samples_of(g.attrs)));
  };
  return {ta ? product(b, dy, tb, true) : product(dy, b, false, !tb),
          tb ? product(dy, a, true, ta) : product(a, dy, !ta, false)};
}

class MatmulInstruction final : public Instruction {
 public:
  MatmulInstruction(const GemmShape& shape, std::unique_ptr<Epilogue> epilogue)
      : gemm_(shape),
        epilogue_(std::move(epilogue)),
        flops_(2.0 * double(shape.m) * double(shape.n) * double(shape.k) * double(shape.batch)) {
    if (epilogue_ && epilogue_->follow(gemm_.parts()) && gemm_.hands_over())
      epilogue_->take_pieces(kGemmPiece);
  }

  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return gemm_.run(lane, io.in[0], io.in[1], io.out[0], io.scratch, nullptr, io.rows);
    char* const scratch = static_cast<char*>(io.scratch);
    epilogue_->run(lane, io, 2, scratch + gemm_scratch(lane.count), [&](void* c, GemmEpilogue* follower) {
      gemm_.run(lane, io.in[0], io.in[1], c, scratch, follower, io.rows);
    });
  }
  bool serial() const override { return gemm_.serial(); }
  size_t scratch_bytes(int threads) const override {
    return gemm_scratch(threads) + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  Rows by_rows() const override { return {0, gemm_.rows_apart()}; }
  double flops() const override { return flops_; }
  const char* name() const override { return gemm_.algorithm(); }

 private:
  size_t gemm_scratch(int threads) const { return round_up(gemm_.scratch_bytes(threads), kPage); }

  Gemm gemm_;
  std::unique_ptr<Epilogue> epilogue_;
  double flops_;
};

std::unique_ptr<Instruction> compile_matmul(const OpCall& c, std::unique_ptr<Epilogue> epilogue) {
  const Shape p = batch_of(c.in(0).shape), q = batch_of(c.in(1).shape);
  const Sizes s = sizes_of(c.in(0), c.in(1), c.attrs);
  GemmShape shape;
  shape.dtype = c.in(0).dtype;
  shape.m = s.m, shape.n = s.n, shape.k = s.k;
  shape.transpose_a = flag(c.attrs, "transpose_a"), shape.transpose_b = flag(c.attrs, "transpose_b");
  shape.batch = std::max(element_count(p), element_count(q));
  if (!element_count(p) || !element_count(q)) shape.batch = 0;
  shape.a_stride = element_count(p) == 1 ? 0 : s.m * s.k;
  shape.b_stride = element_count(q) == 1 ? 0 : s.k * s.n;
  shape.samples = samples_of(c.attrs);
  return make_gemm_instruction(shape, std::move(epilogue));
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("matmul");
  op.type = matmul_type;
  op.simplify = simplify_matmul;
  op.shortcut = shorten_matmul;
  op.gradient = matmul_gradient;
  op.epilogue = true;
  define_execution("matmul", compile_matmul);
  return true;
}();

}  // namespace

std::unique_ptr<Instruction> make_gemm_instruction(const GemmShape& shape,
                                                   std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<MatmulInstruction>(shape, std::move(epilogue));
}

}  // namespace axone
