// Tiles that carry an update along, a vector for each step of k. Included by gemm.cpp.

// An update in place of elements that have nothing to do with the tile, except that its arithmetic leaves the
// divider and the paths to the outer caches idle.
template <class T, template <class> class Gradient>
struct UpdateBeside {
  T *m, *v, *w;
  const T* g;
  AdamStep<T> step;
  Gradient<T> gradient;
  int64_t i = 0, vectors;  // elements done, vectors left

  AXONE_MEMBER_INLINE explicit UpdateBeside(const GemmBlock& block)
      : m(at(block, kUpdatedM)),
        v(at(block, kUpdatedV)),
        w(at(block, kUpdatedW)),
        g(at(block, kGradient)),
        step(block.update),
        gradient(block.update),
        vectors(block.update_elements / kLanes<T>) {}

  static AXONE_MEMBER_INLINE T* at(const GemmBlock& block, UpdateOperand i) {
    return static_cast<T*>(const_cast<void*>(block.update[i]));
  }
  AXONE_MEMBER_INLINE void next() {
    Vec<T> own_m = load<T>(m + i), own_v = load<T>(v + i), own_w = load<T>(w + i);
    step.apply(gradient.of(load<T>(g + i), own_w), own_m, own_v, own_w);
    store<T>(m + i, own_m);
    store<T>(v + i, own_v);
    store<T>(w + i, own_w);
    i += kLanes<T>;
  }
};

// Column a times row b of two vectors.
template <class T, int R>
AXONE_INLINE void rank_one(Vec<T> (&acc)[R][2], const T* a, const T* b) {
  const Vec<T> left = load<T>(b), right = load<T>(b + kLanes<T>);
  AXONE_UNROLL
  for (int i = 0; i < R; ++i) {
    acc[i][0] += left * a[i];
    acc[i][1] += right * a[i];
  }
}

// R rows of A, by columns, times `panels` of two vectors, in a first pass. a and c: of the first row.
template <class T, int R, class Update>
void tiles_beside(const GemmBlock& g, const T* a, T* c, int64_t panels, Update* carried) {
  constexpr int64_t L = kLanes<T>;
  Update update = *carried;
  const int64_t a_stride = g.a_stride, c_stride = g.c_stride, depth = g.k;
  const bool packed = g.b_layout == GemmBLayout::panels;
  const int64_t b_stride = packed ? 2 * L : g.b_stride, b_step = packed ? depth * 2 * L : 2 * L;
  const T* panel = static_cast<const T*>(g.b);
  // As many as the tile makes itself, so that the update's way through memory takes as long as the product,
  // and one row more, as the piece before may have had taller tiles.
  const int64_t most = depth < 2 * (R + 1) ? depth : 2 * (R + 1);
  for (; panels > 0; --panels, panel += b_step, c += 2 * L) {
    Vec<T> acc[R][2];
    AXONE_UNROLL
    for (int i = 0; i < R; ++i) acc[i][0] = acc[i][1] = Vec<T>{};
    const T *column = a, *row = panel;
    const int64_t both = update.vectors < most ? update.vectors : most;
    for (int64_t k = both; k > 0; --k, column += a_stride, row += b_stride) {
      rank_one<T, R>(acc, column, row);
      update.next();
    }
    for (int64_t k = depth - both; k > 0; --k, column += a_stride, row += b_stride)
      rank_one<T, R>(acc, column, row);
    update.vectors -= both;
    T* out = c;
    AXONE_UNROLL
    for (int r = 0; r < R; ++r, out += c_stride) {
      store<T>(out, acc[r][0]);
      store<T>(out + L, acc[r][1]);
    }
  }
  *carried = update;
}

#if defined(__AVX512F__)
// Computes `panels` whole panels of a block with the update that it carries along. Returns the elements
// updated.
template <class T, template <class> class Gradient>
int64_t carry_update(const GemmBlock& g, int64_t panels) {
  using Update = UpdateBeside<T, Gradient>;
  using Tiles = void (*)(const GemmBlock&, const T*, T*, int64_t, Update*);
  static constexpr Tiles kByRows[] = {tiles_beside<T, 8, Update>, tiles_beside<T, 9, Update>,
                                      tiles_beside<T, 10, Update>, tiles_beside<T, 11, Update>,
                                      tiles_beside<T, 12, Update>};
  Update update(g);
  const int64_t tiles = (g.m + kMaxRows<T> - 1) / kMaxRows<T>;
  for (int64_t n = 0; n < tiles; ++n) {
    const int64_t row = g.m * n / tiles, rows = g.m * (n + 1) / tiles - row;
    kByRows[rows - 8](g, static_cast<const T*>(g.a) + row, static_cast<T*>(g.c) + row * g.c_stride, panels,
                      &update);
  }
  return update.i;
}
#endif

// Computes what it can of a block with the update that it carries along. Returns the columns done: none where
// tiles are too low to be worth it, an instruction set has too few registers, or the rule is of another
// form.
template <class T>
int64_t carry_panels([[maybe_unused]] const GemmBlock& g, [[maybe_unused]] int64_t* updated) {
#if defined(__AVX512F__)
  if constexpr (kIsFloat<T>) {
    if (g.m < (g.m + kMaxRows<T> - 1) / kMaxRows<T> * 8) return 0;
    const int64_t panels = g.n / (2 * kLanes<T>);
    switch (g.update_form) {
      case GradientForm::plain:
        *updated = carry_update<T, PlainGradient>(g, panels);
        break;
      case GradientForm::penalized:
        *updated = carry_update<T, PenalizedGradient>(g, panels);
        break;
      case GradientForm::clipped:
        *updated = carry_update<T, ClippedGradient>(g, panels);
        break;
      default:
        return 0;
    }
    return panels * 2 * kLanes<T>;
  }
#endif
  return 0;
}
