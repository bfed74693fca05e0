// Tiles that carry an update along, a vector for each step of k. Included by gemm.cpp.

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

// R rows times two vectors of a first pass.
template <class T, int R>
void tile_beside(const TileArguments<T>& t) {
  constexpr int64_t L = kLanes<T>;
  UpdateBeside<T> update = *t.update;
  Vec<T> acc[R][2];
  AXONE_UNROLL
  for (int i = 0; i < R; ++i) acc[i][0] = acc[i][1] = Vec<T>{};
  ACursor<T, R, false> a(t.a, t.a_stride, t.a_ahead);
  Ahead<T> b_ahead = {t.b_ahead, t.b_ahead_stride};
  const T* b = t.b;
  const int64_t b_stride = t.b_stride, last = t.last;
  // As many as the tile makes itself, so that the update's way through memory takes as long as the product,
  // and one row more, as the piece before may have had taller tiles.
  int64_t both = t.k < 2 * (R + 1) ? t.k : 2 * (R + 1);
  if (update.vectors < both) both = update.vectors;
  for (int64_t k = both; k > 0; --k) {
    tile_step<T, R, 2, false, false>(acc, a, b, b_stride, last, b_ahead);
    update_vector<T>(update);
  }
  for (int64_t k = t.k - both; k > 0; --k)
    tile_step<T, R, 2, false, false>(acc, a, b, b_stride, last, b_ahead);
  t.update->i = update.i;
  t.update->vectors -= both;
  T* c = t.c;
  AXONE_UNROLL
  for (int r = 0; r < R; ++r, c += t.c_stride) {
    store<T>(c, acc[r][0]);
    store_first<T>(c + L, acc[r][1], last);
  }
}

// By rows; null where a tile is too low to be worth it, or an instruction set has too few registers.
template <class T>
AXONE_INLINE TileFunction<T> tile_with_update([[maybe_unused]] int64_t rows) {
#if defined(__AVX512F__)
  if constexpr (kIsFloat<T>) {
    static constexpr TileFunction<T> kByRows[] = {tile_beside<T, 8>, tile_beside<T, 9>, tile_beside<T, 10>,
                                                  tile_beside<T, 11>, tile_beside<T, 12>};
    if (rows >= 8 && rows <= 12) return kByRows[rows - 8];
  }
#endif
  return nullptr;
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
