// The gathering of a convolution's rows: contract in conv.h.
#include "kernels/conv.h"

#include "kernels/families.h"
#include "simd/lanes.h"
#include "simd/vec.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

template <class T>
AXONE_INLINE void copy(T* out, const T* x, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(out + i, load<T>(x + i));
  if (i < n) store_first<T>(out + i, load_first<T>(x + i, n - i), n - i);
}

template <class T>
AXONE_INLINE void zero(T* out, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(out + i, Vec<T>{});
  if (i < n) store_first<T>(out + i, Vec<T>{}, n - i);
}

constexpr int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}
constexpr int64_t most(int64_t a, int64_t b) {
  return a > b ? a : b;
}
// The least i with i * step >= distance.
AXONE_INLINE int64_t first_at(int64_t distance, int64_t step) {
  return distance <= 0 ? 0 : (distance + step - 1) / step;
}

// Neighbouring output positions of one row of the output, from `ow` on.
struct Run {
  int64_t ow, count;
};

// `count` pieces of n elements. By itself, so that nothing of the loop lies in memory: a load that waits for
// masked stores takes four times as long as these.
template <class T>
__attribute__((noinline)) void copy_pieces(const T* x, int64_t step, int64_t count, int64_t n, T* out,
                                           int64_t out_stride) {
  constexpr int64_t L = kLanes<T>;
  if (n <= L) {
    for (; count > 0; --count, x += step, out += out_stride) store_first<T>(out, load_first<T>(x, n), n);
  } else if (n <= 2 * L) {
    for (; count > 0; --count, x += step, out += out_stride) {
      store<T>(out, load<T>(x));
      store_first<T>(out + L, load_first<T>(x + L, n - L), n - L);
    }
  } else {
    for (; count > 0; --count, x += step, out += out_stride) copy<T>(out, x, n);
  }
}

// One piece of the taps' row of all positions of a run: `n` elements, `offset` elements behind the first
// position's `line`, of which those inside the line of `width` elements exist.
template <class T>
AXONE_INLINE void copy_piece(const T* line, int64_t offset, int64_t step, int64_t width, int64_t count,
                             int64_t n, T* out, int64_t out_stride) {
  // Positions whose whole piece exists lie between those that the borders cut.
  const int64_t inside = least(count, first_at(-offset, step));
  const int64_t room = width - n - offset;
  const int64_t inside_end = most(inside, room < 0 ? 0 : least(count, room / step + 1));
  auto cut = [&](int64_t i) {
    const int64_t at = offset + i * step, from = least(most(-at, 0), n),
                  to = most(from, least(width - at, n));
    T* o = out + i * out_stride;
    zero<T>(o, from);
    if (to > from) copy<T>(o + from, line + at + from, to - from);
    zero<T>(o + to, n - to);
  };
  for (int64_t i = 0; i < inside; ++i) cut(i);
  copy_pieces<T>(line + offset + inside * step, step, inside_end - inside, n, out + inside * out_stride,
                 out_stride);
  for (int64_t i = inside_end; i < count; ++i) cut(i);
}

// The columns of one line of taps along the width: [from, to) of taps[2] * channels.
template <class T>
AXONE_INLINE void copy_line(const ConvGather& g, const T* line, Run run, int64_t from, int64_t to, T* out,
                            int64_t out_stride) {
  const int64_t pixel = g.stride[2], first = run.ow * g.step[2] - g.low[2], step = g.step[2] * pixel;
  const int64_t width = g.size[2] * pixel;
  if (g.dilation[2] == 1 && g.channels == pixel) {
    copy_piece<T>(line, first * pixel + from, step, width, run.count, to - from, out, out_stride);
    return;
  }
  for (int64_t column = from; column < to;) {
    const int64_t tap = column / g.channels, c = column % g.channels, n = least(g.channels - c, to - column);
    // A group's pixel ends before the next one: the last one's end stands for the line's.
    const int64_t at = (first + tap * g.dilation[2]) * pixel + c;
    const int64_t end = (g.size[2] - 1) * pixel + c + n;
    // Pixels are whole or absent: shifting both sides by c keeps a cut one from reaching into a neighbour.
    copy_piece<T>(line + c, at - c, step, end - c, run.count, n, out + column - from, out_stride);
    column += n;
  }
}

template <class T>
void gather(const ConvGather& g, const void* x_, int64_t row, int64_t row_end, int64_t column,
            int64_t column_end, void* out_, int64_t out_stride) {
  const T* const x = static_cast<const T*>(x_);
  T* out = static_cast<T*>(out_);
  const int64_t line = g.taps[2] * g.channels;
  int64_t ow = row % g.out[2], oh = row / g.out[2] % g.out[1], od = row / (g.out[2] * g.out[1]) % g.out[0];
  int64_t n = row / g.positions();
  while (row < row_end) {
    const Run run = {ow, least(g.out[2] - ow, row_end - row)};
    for (int64_t c = column; c < column_end;) {
      const int64_t tap_line = c / line, from = c - tap_line * line;
      const int64_t to = least(line, from + column_end - c);
      const int64_t h = oh * g.step[1] - g.low[1] + tap_line % g.taps[1] * g.dilation[1];
      const int64_t d = od * g.step[0] - g.low[0] + tap_line / g.taps[1] * g.dilation[0];
      T* const o = out + c - column;
      if (h < 0 || h >= g.size[1] || d < 0 || d >= g.size[0]) {
        for (int64_t i = 0; i < run.count; ++i) zero<T>(o + i * out_stride, to - from);
      } else {
        copy_line<T>(g, x + n * g.sample + d * g.stride[0] + h * g.stride[1], run, from, to, o, out_stride);
      }
      c += to - from;
    }
    out += run.count * out_stride;
    row += run.count;
    ow = 0;
    if (++oh == g.out[1]) {
      oh = 0;
      if (++od == g.out[0]) od = 0, ++n;
    }
  }
}

constexpr KernelEntry entry(const char* name, DType dtype, void (*function)()) {
  return {name, dtype, function, nullptr};
}
template <class F>
void (*plain(F f))() {
  return reinterpret_cast<void (*)()>(f);
}

const KernelEntry kEntries[] = {
    entry("conv.gather", DType::f32, plain(ConvGatherRows(gather<float>))),
    entry("conv.gather", DType::f64, plain(ConvGatherRows(gather<double>))),
};

}  // namespace

extern const KernelFamily conv_family;
const KernelFamily conv_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
