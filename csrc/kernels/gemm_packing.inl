// B packed while it is multiplied: each panel during the one before, a slice behind each tile, whose lines
// the tile has fetched in its last steps. Included by gemm.cpp.

// What a tile fetches in its last steps.
template <class T>
class LastStreams {
 public:
  // To be fetched by a tile that has `steps` left.
  void begin(const T* b, int64_t steps) {
    streams_[0] = {b, 0, steps};
    count_ = 1;
  }
  void add(Stream<T> s) {
    if (s.steps > streams_[0].steps || count_ == kMost) return;
    streams_[0].steps -= s.steps;
    streams_[count_++] = s;
  }
  const Stream<T>* get() const { return streams_; }

 private:
  static constexpr int kMost = 16;
  Stream<T> streams_[kMost];  // none, and then those that were added
  int count_ = 0;
};

template <class T>
class PanelPacking {
 public:
  // Packs the first panel; `tiles` share each of the others.
  PanelPacking(const GemmBlock& g, int64_t width, int64_t tiles)
      : source_(g.unpacked), k_(g.k), n_(g.n), width_(width), tiles_(tiles) {
    if (!source_) return;
    begin_panel(0);
    pack(tiles - 1);
  }

  void begin_panel(int64_t column) {
    constexpr int64_t L = kLanes<T>;
    column_ = column;
    columns_ = n_ - column < width_ ? n_ - column : width_;
    padded_ = (columns_ + L - 1) / L * L;
    done_ = columns_ > 0 ? 0 : k_;
  }
  // What pack(tile) will read and write.
  void fetch(int64_t tile, LastStreams<T>* streams) const {
    const int64_t steps = share(tile) - done_;
    if (steps <= 0) return;
    streams->add({from(), source_->stride, source_->transposed ? columns_ : steps});
    streams->add({to(), padded_, steps});
  }
  void pack(int64_t tile) {
    const int64_t steps = share(tile) - done_;
    if (steps <= 0) return;
    if (source_->transposed)
      pack_panel_transposed<T>(steps, columns_, padded_, from(), source_->stride, to());
    else
      pack_panel<T>(steps, columns_, padded_, from(), source_->stride, to());
    done_ += steps;
  }

 private:
  // Steps of k that are packed once a tile is done: whole vectors where they are transposed.
  int64_t share(int64_t tile) const {
    constexpr int64_t L = kLanes<T>;
    const int64_t even = k_ * (tile + 1) / tiles_;
    if (!source_->transposed) return even;
    const int64_t whole = (even + L - 1) / L * L;
    return whole < k_ ? whole : k_;
  }
  const T* from() const {
    return static_cast<const T*>(source_->b) +
           (source_->transposed ? column_ * source_->stride + done_ : done_ * source_->stride + column_);
  }
  T* to() const { return static_cast<T*>(source_->panels) + column_ * k_ + done_ * padded_; }

  const GemmUnpacked* const source_;
  const int64_t k_, n_, width_, tiles_;
  int64_t column_ = 0, columns_ = 0, padded_ = 0, done_ = 0;  // of the panel, and its steps packed
};
