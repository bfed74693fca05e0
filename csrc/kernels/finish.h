// What kernels can do to their results on the way to memory.
#pragma once

namespace axone {

// y = min(max(x scale + shift, low), high), channel by channel: a normalisation, a bias, a ReLU. NaN stays
// NaN.
struct ChannelFinish {
  const void* scale;  // of channel 0, of the kernel's type
  const void* shift;
  double low, high;  // may be infinite
};

}  // namespace axone
