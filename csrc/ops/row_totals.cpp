// row_totals: in place of each slice the sum of all slices with its index, added in their order: what
// scatter_sum makes of them at that position, without a tensor of all positions.
#include <algorithm>
#include <cstring>

#include "ops/execution.h"
#include "ops/index.h"
#include "ops/rules.h"

namespace axone {

namespace {

// (indices, updates){size}: updates have the indices' axes in front; indices run over an axis of that size.
std::vector<TensorType> row_totals_type(const OpCall& c) {
  expect_indexed_updates(c, 0);
  return {c.in(1)};
}

// Indices in a table by open addressing: of each the first place where it stands.
class FirstPlaces {
 public:
  FirstPlaces(void* memory, int64_t count) : bits_(bits_for(count)), keys_(static_cast<int64_t*>(memory)) {
    std::fill_n(keys_, int64_t(1) << bits_, int64_t(-1));
  }
  static int bits_for(int64_t count) {
    int bits = 1;
    while ((int64_t(1) << bits) < 2 * count) ++bits;
    return bits;
  }
  static size_t bytes(int64_t count) { return size_t(2 * sizeof(int64_t)) << bits_for(count); }

  int64_t find_or_add(int64_t index, int64_t place) {
    const int64_t mask = (int64_t(1) << bits_) - 1;
    int64_t at = int64_t((uint64_t(index) * 0x9E3779B97F4A7C15ull) >> (64 - bits_));
    while (keys_[at] >= 0 && keys_[at] != index) at = (at + 1) & mask;
    int64_t& first = keys_[mask + 1 + at];
    if (keys_[at] < 0) keys_[at] = index, first = place;
    return first;
  }

 private:
  const int bits_;
  int64_t* const keys_;  // then as many places
};

template <class I, class T>
std::unique_ptr<Instruction> make_row_totals(const OpCall& c, bool serial) {
  const int64_t count = element_count(c.in(0).shape), size = c.attrs.get<int64_t>("size");
  const int64_t inner = count ? element_count(c.in(1).shape) / count : 0;
  const size_t places_bytes = round_up(FirstPlaces::bytes(count), kAlignment);
  return make_instruction(
      "row_totals", serial,
      [=](const Lane& lane, const Operands& io) {
        int64_t* const first = reinterpret_cast<int64_t*>(static_cast<char*>(io.scratch) + places_bytes);
        if (lane.index == 0) {
          FirstPlaces places(io.scratch, count);
          for (int64_t j = 0; j < count; ++j) {
            const int64_t i = resolve_index(io.input<I>(0)[j], size);
            if (i < 0) io.status->report("scatter: index out of range", int64_t(io.input<I>(0)[j]));
            first[j] = i < 0 ? j : places.find_or_add(i, j);
          }
        }
        lane.barrier();
        constexpr int64_t kLine = 16;
        int64_t begin, end;
        lane.share(ceil_div(inner, kLine), &begin, &end);
        begin *= kLine, end = std::min(end * kLine, inner);
        const T* const updates = io.input<T>(1);
        T* const out = io.output<T>();
        for (int64_t j = 0; begin < end && j < count; ++j) {
          T* const to = out + first[j] * inner;
          const T* const from = updates + j * inner;
          // As scatter_sum begins from zeros: -0 becomes 0.
          for (int64_t k = begin; k < end; ++k) to[k] = T((first[j] == j ? T(0) : to[k]) + from[k]);
        }
        for (int64_t j = 0; begin < end && j < count; ++j)
          if (first[j] != j)
            std::copy_n(out + first[j] * inner + begin, end - begin, out + j * inner + begin);
      },
      places_bytes + size_t(count) * sizeof(int64_t));
}

std::unique_ptr<Instruction> compile_row_totals(const OpCall& c) {
  const bool serial = 2 * int64_t(byte_size(c.in(1))) < kSerialBytes;
  return make_indexed(c.in(0).dtype, c.out().dtype,
                      [&](auto i, auto t) { return make_row_totals<decltype(i), decltype(t)>(c, serial); });
}

[[maybe_unused]] const bool registered = [] {
  define_op("row_totals").type = row_totals_type;
  define_execution("row_totals", compile_row_totals);
  return true;
}();

}  // namespace

}  // namespace axone
