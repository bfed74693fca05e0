// ctc_loss(logits, labels, label lengths, frame lengths): connectionist temporal classification (Graves et
// al. 2006), minus the logarithm of the probability of all alignments that collapse to the labels; its
// gradient. Forward and backward variables are logarithms in double; the softmax is part of the operation.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/execution.h"
#include "ops/rules.h"

namespace axone {

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

void check_ctc(const OpCall& c) {
  expect_float(c, 0);
  const Shape &logits = c.in(0).shape, &labels = c.in(1).shape;
  require(logits.size() == 3, c.name(), ": expected logits of shape (batch, frames, classes), got ", logits);
  require(labels.size() == 2 && labels[0] == logits[0], c.name(), ": expected labels of shape (", logits[0],
          ", longest label), got ", labels);
  expect_integer(c, 1, "labels");
  expect_integer(c, 2, "label lengths");
  expect_integer(c, 3, "frame lengths");
  for (size_t i : {2, 3})
    require(c.in(i).shape == Shape{logits[0]}, c.name(), ": expected one length per sample, shape (",
            logits[0], ",), got ", c.in(i).shape);
  const int64_t blank = c.attrs.get<int64_t>("blank");
  require(blank >= 0 && blank < logits[2], c.name(), ": expected a blank class in [0, ", logits[2], "), got ",
          blank);
}

std::vector<TensorType> ctc_type(const OpCall& c) {
  expect_inputs(c, 4);
  check_ctc(c);
  return {{c.in(0).dtype, {c.in(0).shape[0]}}};
}

std::vector<TensorType> ctc_grad_type(const OpCall& c) {
  expect_inputs(c, 5);
  check_ctc(c);
  require(c.in(4) == TensorType{c.in(0).dtype, {c.in(0).shape[0]}}, c.name(),
          ": expected one gradient per sample");
  return {c.in(0)};
}

// The execution reads int64 labels and lengths.
SimplifyRule with_int64(const char* op) {
  return [op](Graph& g, const std::vector<Value>& in, const Attrs& attrs) -> Value {
    std::vector<Value> inputs = in;
    bool changed = false;
    for (size_t i : {1, 2, 3}) {
      if (g.dtype(in[i]) == DType::i64) continue;
      inputs[i] = cast(Sym(g, in[i]), DType::i64).value();
      changed = true;
    }
    return changed ? g.add(op, inputs, attrs) : Value{};
  };
}

double log_add(double a, double b) {
  if (a == kNever) return b;
  if (b == kNever) return a;
  return a > b ? a + std::log1p(std::exp(b - a)) : b + std::log1p(std::exp(a - b));
}

struct Sizes {
  int64_t batch, frames, classes, labels, blank;

  explicit Sizes(const OpCall& c)
      : batch(c.in(0).shape[0]),
        frames(c.in(0).shape[1]),
        classes(c.in(0).shape[2]),
        labels(c.in(1).shape[1]),
        blank(c.attrs.get<int64_t>("blank")) {}
  int64_t states() const { return 2 * labels + 1; }
  // Doubles of one lane: logarithms of the softmax's sums, forward variables, two rows of backward ones, one
  // row of class probabilities.
  size_t lane_doubles(bool gradient) const {
    const int64_t own = frames + frames * states() + (gradient ? 2 * states() + classes : 0);
    return size_t((own + 7) / 8 * 8 + 8);
  }
};

// One sample: its labels with blanks around them are states 0 .. 2n.
template <class T>
struct Sample {
  const Sizes& size;
  const T* logits;
  const int64_t* labels;
  int64_t n, frames;
  double* log_sum;
  double* alpha;

  int64_t states() const { return 2 * n + 1; }
  int64_t label(int64_t s) const { return s % 2 ? labels[s / 2] : size.blank; }
  double log_p(int64_t t, int64_t s) const {
    return double(logits[t * size.classes + label(s)]) - log_sum[t];
  }
  // Whether state s may follow state s - 2: a blank must stand between equal labels.
  bool skips(int64_t s) const { return s % 2 && s > 1 && labels[s / 2] != labels[s / 2 - 1]; }

  void sum_classes() const {
    for (int64_t t = 0; t < frames; ++t) {
      const T* row = logits + t * size.classes;
      const double top = double(*std::max_element(row, row + size.classes));
      double total = 0;
      for (int64_t k = 0; k < size.classes; ++k) total += std::exp(double(row[k]) - top);
      log_sum[t] = top + std::log(total);
    }
  }

  // Fills alpha; returns the logarithm of the labels' probability.
  double forward() const {
    if (frames == 0) return n == 0 ? 0 : kNever;
    sum_classes();
    const int64_t count = states();
    std::fill_n(alpha, count, kNever);
    for (int64_t s = 0; s < std::min<int64_t>(2, count); ++s) alpha[s] = log_p(0, s);
    for (int64_t t = 1; t < frames; ++t) {
      const double* before = alpha + (t - 1) * count;
      for (int64_t s = 0; s < count; ++s) {
        double sum = before[s];
        if (s > 0) sum = log_add(sum, before[s - 1]);
        if (skips(s)) sum = log_add(sum, before[s - 2]);
        alpha[t * count + s] = sum + log_p(t, s);
      }
    }
    const double* last = alpha + (frames - 1) * count;
    return n == 0 ? last[0] : log_add(last[count - 1], last[count - 2]);
  }

  // beta of a frame from that of the next one: what comes after state s.
  void backward(int64_t t, const double* later, double* now) const {
    const int64_t count = states();
    for (int64_t s = 0; s < count; ++s) {
      if (t == frames - 1) {
        now[s] = s >= count - 2 ? 0 : kNever;
        continue;
      }
      double sum = later[s] + log_p(t + 1, s);
      if (s + 1 < count) sum = log_add(sum, later[s + 1] + log_p(t + 1, s + 1));
      if (s + 2 < count && skips(s + 2)) sum = log_add(sum, later[s + 2] + log_p(t + 1, s + 2));
      now[s] = sum;
    }
  }

  // out = scale (softmax - the classes' probabilities given the labels); zeros after the last frame, and for
  // labels that no alignment gives.
  void gradient(double total, double scale, double* beta, double* given, T* out) const {
    std::fill_n(out, size.frames * size.classes, T(0));
    if (total == kNever || frames == 0) return;
    const int64_t count = states();
    double *later = beta, *now = beta + size.states();
    for (int64_t t = frames - 1; t >= 0; --t) {
      backward(t, later, now);
      std::fill_n(given, size.classes, 0.0);
      for (int64_t s = 0; s < count; ++s) given[label(s)] += std::exp(alpha[t * count + s] + now[s] - total);
      for (int64_t k = 0; k < size.classes; ++k) {
        const double p = std::exp(double(logits[t * size.classes + k]) - log_sum[t]);
        out[t * size.classes + k] = T(scale * (p - given[k]));
      }
      std::swap(later, now);
    }
  }
};

// Whether a sample's lengths and labels are in range; reports what is not.
bool check_sample(const Sizes& z, const int64_t* labels, int64_t n, int64_t frames, RunStatus* status) {
  if (n < 0 || n > z.labels) {
    status->report("ctc_loss: target_length outside [0, longest label]", n);
    return false;
  }
  if (frames < 0 || frames > z.frames) {
    status->report("ctc_loss: output_length outside [0, number of frames]", frames);
    return false;
  }
  for (int64_t i = 0; i < n; ++i) {
    if (labels[i] >= 0 && labels[i] < z.classes) continue;
    status->report("ctc_loss: label outside [0, number of classes)", labels[i]);
    return false;
  }
  return true;
}

template <class T>
class Ctc final : public Instruction {
 public:
  Ctc(const OpCall& c, bool gradient) : size_(c), gradient_(gradient), name_(c.name()) {}

  void run(const Lane& lane, const Operands& io) const override {
    double* own = static_cast<double*>(io.scratch) + size_t(lane.index) * size_.lane_doubles(gradient_);
    int64_t begin, end;
    lane.share(size_.batch, &begin, &end);
    for (int64_t b = begin; b < end; ++b) one(io, b, own);
  }
  bool serial() const override { return flops() * 2 < double(kSerialBytes); }
  size_t scratch_bytes(int threads) const override {
    return size_t(threads) * size_.lane_doubles(gradient_) * sizeof(double);
  }
  double flops() const override {
    return 16.0 * double(size_.batch) * double(size_.frames) * double(size_.states() + size_.classes);
  }
  const char* name() const override { return name_; }

 private:
  void one(const Operands& io, int64_t b, double* own) const {
    const int64_t* labels = io.input<int64_t>(1) + b * size_.labels;
    const int64_t n = io.input<int64_t>(2)[b], frames = io.input<int64_t>(3)[b];
    const int64_t block = size_.frames * size_.classes;
    const bool good = check_sample(size_, labels, n, frames, io.status);
    T* out = io.output<T>() + (gradient_ ? b * block : b);
    if (!good) {
      // The step that is under way must not spoil the weights.
      std::fill_n(out, gradient_ ? block : 1, gradient_ ? T(0) : std::numeric_limits<T>::quiet_NaN());
      return;
    }
    const Sample<T> s{size_, io.input<T>(0) + b * block, labels, n, frames, own, own + size_.frames};
    const double total = s.forward();
    if (!gradient_) {
      *out = T(-total);
      return;
    }
    double* beta = s.alpha + size_.frames * size_.states();
    s.gradient(total, double(io.input<T>(4)[b]), beta, beta + 2 * size_.states(), out);
  }

  Sizes size_;
  bool gradient_;
  const char* name_;
};

std::unique_ptr<Instruction> compile_ctc(const OpCall& c, bool gradient) {
  std::unique_ptr<Instruction> result;
  dispatch_float(c.in(0).dtype, [&](auto* p) {
    result = std::make_unique<Ctc<std::remove_pointer_t<decltype(p)>>>(c, gradient);
  });
  return result;
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("ctc_loss");
  op.type = ctc_type;
  op.simplify = with_int64("ctc_loss");
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Attrs attrs{{"blank", g.attrs.get<int64_t>("blank")}};
    return {g.in(0).apply("ctc_loss_grad", {g.in(1), g.in(2), g.in(3), g.grad()}, attrs), Sym(), Sym(),
            Sym()};
  };
  define_execution("ctc_loss", [](const OpCall& c) { return compile_ctc(c, false); });

  Op& grad = define_op("ctc_loss_grad");
  grad.type = ctc_grad_type;
  grad.simplify = with_int64("ctc_loss_grad");
  define_execution("ctc_loss_grad", [](const OpCall& c) { return compile_ctc(c, true); });
  return true;
}();

}  // namespace

}  // namespace axone
