// ctc_beam_search(log probabilities, frame lengths) -> paths, scores: the label sequences of highest
// probability summed over their alignments, by prefix beam search (Graves, "Supervised Sequence Labelling",
// 2012, 7.5).
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/execution.h"
#include "ops/rules.h"

namespace axone {

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

std::vector<TensorType> beam_type(const OpCall& c) {
  expect_inputs(c, 2);
  expect_float(c, 0);
  require<TypeError>(c.in(1).dtype == DType::i64, "ctc_decode: expected int64 lengths");
  const Shape& x = c.in(0).shape;
  require(x.size() == 3, "ctc_decode: expected inputs of shape (batch, frames, classes), got ", x);
  require(c.in(1).shape == Shape{x[0]}, "ctc_decode: expected one length per sample, shape (", x[0],
          ",), got ", c.in(1).shape);
  const int64_t width = c.attrs.get<int64_t>("width"), paths = c.attrs.get<int64_t>("paths"),
                blank = c.attrs.get<int64_t>("blank");
  require(width >= 1 && paths >= 1 && paths <= width,
          "ctc_decode: expected 1 <= top_paths <= beam_width, got ", paths, " and ", width);
  require(blank >= 0 && blank < x[2], "ctc_decode: expected a blank class in [0, ", x[2], "), got ", blank);
  require(element_count({x[1], width}) < std::numeric_limits<int32_t>::max(),
          "ctc_decode: beam_width times the number of frames is too large");
  return {{DType::i32, {paths, x[0], x[1]}}, {c.in(0).dtype, {x[0], paths}}};
}

double log_add(double a, double b) {
  if (a == kNever) return b;
  if (b == kNever) return a;
  return a > b ? a + std::log1p(std::exp(b - a)) : b + std::log1p(std::exp(a - b));
}

// A prefix: a node of a tree of labels. `beam` is its place among the beams, or -1.
struct Prefix {
  int32_t parent, label, first_child, next_sibling, beam;
};

// Logarithms of a prefix's probability over alignments that end in a blank, and in its last label.
struct Beam {
  int32_t prefix;
  double blank, label;

  double score() const { return log_add(blank, label); }
};

// A beam of the next frame: the old beam `from`, longer by `symbol` unless that is -1.
struct Candidate {
  double blank, label, score;
  int32_t from, symbol;
};

bool better(const Candidate& a, const Candidate& b) {
  if (a.score != b.score) return a.score > b.score;
  return a.from != b.from ? a.from < b.from : a.symbol < b.symbol;
}

// One lane's memory, cut from its scratch. The beams' arrays come first: they hold doubles.
struct Search {
  Beam* beams;
  Candidate* heap;
  Prefix* prefixes;
  int64_t count = 0, kept = 0, made = 0;

  static size_t bytes(int64_t frames, int64_t width) {
    const size_t own =
        size_t(width) * (sizeof(Beam) + sizeof(Candidate)) + size_t(frames * width + 1) * sizeof(Prefix);
    return (own + 63) / 64 * 64;
  }
  Search(char* memory, int64_t width)
      : beams(reinterpret_cast<Beam*>(memory)),
        heap(reinterpret_cast<Candidate*>(memory + size_t(width) * sizeof(Beam))),
        prefixes(reinterpret_cast<Prefix*>(memory + size_t(width) * (sizeof(Beam) + sizeof(Candidate)))) {}

  void start() {
    prefixes[0] = {-1, -1, -1, -1, 0};
    beams[0] = {0, 0.0, kNever};
    made = count = 1;
  }

  // Keeps the `width` best: the heap's top is the worst of them.
  void offer(const Candidate& c, int64_t width) {
    if (!(c.score > kNever)) return;
    if (kept == width) {
      if (!better(c, heap[0])) return;
      std::pop_heap(heap, heap + kept--, better);
    }
    heap[kept++] = c;
    std::push_heap(heap, heap + kept, better);
  }

  int32_t child(int32_t parent, int32_t label) const {
    int32_t p = prefixes[parent].first_child;
    while (p >= 0 && prefixes[p].label != label) p = prefixes[p].next_sibling;
    return p;
  }

  // The probability that beam `b` goes on with `symbol`: a repeated label needs a blank before it.
  double extended(const Beam& b, int32_t symbol, double log_p) const {
    return log_p + (prefixes[b.prefix].label == symbol ? b.blank : b.score());
  }

  template <class T>
  void frame(const T* log_p, int64_t classes, int64_t blank, int64_t width) {
    kept = 0;
    for (int32_t i = 0; i < int32_t(count); ++i) {
      const Beam& b = beams[i];
      const Prefix& p = prefixes[b.prefix];
      Candidate same{b.score() + double(log_p[blank]), kNever, 0, i, -1};
      if (p.label >= 0) {
        const double emit = double(log_p[p.label]);
        same.label = b.label + emit;
        const int32_t shorter = prefixes[p.parent].beam;
        if (shorter >= 0) same.label = log_add(same.label, extended(beams[shorter], p.label, emit));
      }
      same.score = log_add(same.blank, same.label);
      offer(same, width);
      for (int32_t k = 0; k < int32_t(classes); ++k) {
        if (k == blank) continue;
        const double score = extended(b, k, double(log_p[k]));
        if (kept == width && score < heap[0].score) continue;
        const int32_t known = child(b.prefix, k);
        if (known >= 0 && prefixes[known].beam >= 0) continue;  // counted as that beam's own
        offer({kNever, score, score, i, k}, width);
      }
    }
    take_over();
  }

  void take_over() {
    std::sort_heap(heap, heap + kept, better);
    for (int64_t i = 0; i < count; ++i) prefixes[beams[i].prefix].beam = -1;
    // The heap's entries name old beams: all prefixes are found before any beam is overwritten.
    for (int64_t i = 0; i < kept; ++i) {
      const int32_t old = beams[heap[i].from].prefix;
      heap[i].from = heap[i].symbol < 0 ? old : grown(old, heap[i].symbol);
    }
    for (int64_t i = 0; i < kept; ++i) {
      beams[i] = {heap[i].from, heap[i].blank, heap[i].label};
      prefixes[heap[i].from].beam = int32_t(i);
    }
    count = kept;
  }

  int32_t grown(int32_t parent, int32_t label) {
    const int32_t known = child(parent, label);
    if (known >= 0) return known;
    const int32_t fresh = int32_t(made++);
    prefixes[fresh] = {parent, label, -1, prefixes[parent].first_child, -1};
    prefixes[parent].first_child = fresh;
    return fresh;
  }

  // Writes a prefix from its end; returns its length.
  int64_t write(int32_t prefix, int32_t* out) const {
    int64_t n = 0;
    for (int32_t p = prefix; prefixes[p].label >= 0; p = prefixes[p].parent) out[n++] = prefixes[p].label;
    std::reverse(out, out + n);
    return n;
  }
};

template <class T>
class BeamSearch final : public Instruction {
 public:
  explicit BeamSearch(const OpCall& c)
      : batch_(c.in(0).shape[0]),
        frames_(c.in(0).shape[1]),
        classes_(c.in(0).shape[2]),
        width_(c.attrs.get<int64_t>("width")),
        paths_(c.attrs.get<int64_t>("paths")),
        blank_(c.attrs.get<int64_t>("blank")) {}

  void run(const Lane& lane, const Operands& io) const override {
    char* own = static_cast<char*>(io.scratch) + size_t(lane.index) * Search::bytes(frames_, width_);
    int64_t begin, end;
    lane.share(batch_, &begin, &end);
    for (int64_t b = begin; b < end; ++b) one(io, b, own);
  }
  bool serial() const override { return batch_ < 2; }
  size_t scratch_bytes(int threads) const override {
    return size_t(threads) * Search::bytes(frames_, width_);
  }
  const char* name() const override { return "ctc_beam_search"; }

 private:
  void one(const Operands& io, int64_t b, char* own) const {
    int64_t frames = io.input<int64_t>(1)[b];
    if (frames < 0 || frames > frames_) {
      io.status->report("ctc_decode: sequence length outside [0, number of frames]", frames);
      frames = 0;
    }
    Search search(own, width_);
    search.start();
    const T* log_p = io.input<T>(0) + b * frames_ * classes_;
    for (int64_t t = 0; t < frames; ++t) search.frame(log_p + t * classes_, classes_, blank_, width_);
    for (int64_t k = 0; k < paths_; ++k) {
      int32_t* path = io.output<int32_t>(0) + (k * batch_ + b) * frames_;
      const bool found = k < search.count;
      const int64_t n = found ? search.write(search.beams[k].prefix, path) : 0;
      std::fill(path + n, path + frames_, -1);
      io.output<T>(1)[b * paths_ + k] = found ? T(search.beams[k].score()) : T(kNever);
    }
  }

  int64_t batch_, frames_, classes_, width_, paths_, blank_;
};

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("ctc_beam_search");
  op.type = beam_type;
  define_execution("ctc_beam_search", [](const OpCall& c) {
    std::unique_ptr<Instruction> result;
    dispatch_float(c.in(0).dtype, [&](auto* p) {
      result = std::make_unique<BeamSearch<std::remove_pointer_t<decltype(p)>>>(c);
    });
    return result;
  });
  return true;
}();

}  // namespace

}  // namespace axone
