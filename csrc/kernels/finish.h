// What kernels can do to their results on the way to memory.
#pragma once

#include <stdint.h>

namespace axone {

// y = min(max(x scale + shift, low), high), channel by channel: a normalisation, a bias, a ReLU. NaN stays
// NaN.
struct ChannelFinish {
  const void* scale;  // of channel 0, of the kernel's type
  const void* shift;
  double low, high;  // may be infinite

  // The finish of what begins at that channel; `item`: bytes of an element.
  ChannelFinish at(int64_t channel, int64_t item) const {
    return {static_cast<const char*>(scale) + channel * item,
            static_cast<const char*>(shift) + channel * item, low, high};
  }
};

}  // namespace axone
