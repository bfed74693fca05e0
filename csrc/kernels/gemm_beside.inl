// Tiles that carry an update along, a vector for each step of k. Included by gemm.cpp.

// An update in place of elements that have nothing to do with the tile, except that its arithmetic leaves the
// divider and the paths to the outer caches idle.
template <class T>
struct UpdateBeside {
  T *m, *v, *w;
  const T* g;
  AdamStep<T> step;
  int64_t i, vectors;  // elements done, vectors left
};

template <class T>
AXONE_INLINE void update_vector(UpdateBeside<T>& u) {
  const int64_t i = u.i;
  Vec<T> m = load<T>(u.m + i), v = load<T>(u.v + i), w = load<T>(u.w + i);
  u.step.apply(load<T>(u.g + i), m, v, w);
  store<T>(u.m + i, m);
  store<T>(u.v + i, v);
  store<T>(u.w + i, w);
  u.i += kLanes<T>;
}

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
template <class T, int R>
void tiles_beside(const GemmBlock& g, const T* a, T* c, int64_t panels, UpdateBeside<T>* carried) {
  constexpr int64_t L = kLanes<T>;
  UpdateBeside<T> update = *carried;
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
      update_vector<T>(update);
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

// The update that a block carries along, with nothing left to do where it has none.
template <class T>
UpdateBeside<T> update_of(const GemmBlock& g) {
  UpdateBeside<T> u{};
  if (g.update_elements == 0) return u;
  const auto at = [&](int i) { return static_cast<T*>(const_cast<void*>(g.update[i])); };
  u.m = at(kUpdatedM), u.v = at(kUpdatedV), u.w = at(kUpdatedW), u.g = at(kGradient);
  u.step = adam_step<T>(g.update);
  u.vectors = g.update_elements / kLanes<T>;
  return u;
}

// Computes whole panels of a block, with the update that it carries along. Returns the columns done: none
// where its tiles are too low to be worth it, or an instruction set has too few registers.
template <class T>
int64_t carry_panels([[maybe_unused]] const GemmBlock& g, [[maybe_unused]] UpdateBeside<T>* update) {
#if defined(__AVX512F__)
  if constexpr (kIsFloat<T>) {
    using Tiles = void (*)(const GemmBlock&, const T*, T*, int64_t, UpdateBeside<T>*);
    static constexpr Tiles kByRows[] = {tiles_beside<T, 8>, tiles_beside<T, 9>, tiles_beside<T, 10>,
                                        tiles_beside<T, 11>, tiles_beside<T, 12>};
    const int64_t tiles = (g.m + kMaxRows<T> - 1) / kMaxRows<T>, panels = g.n / (2 * kLanes<T>);
    if (g.m < 8 * tiles) return 0;
    for (int64_t n = 0; n < tiles; ++n) {
      const int64_t row = g.m * n / tiles, rows = g.m * (n + 1) / tiles - row;
      kByRows[rows - 8](g, static_cast<const T*>(g.a) + row, static_cast<T*>(g.c) + row * g.c_stride, panels,
                        update);
    }
    return panels * 2 * kLanes<T>;
  }
#endif
  return 0;
}
