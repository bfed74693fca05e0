// The kernel families of every target: family.cpp in this folder defines a constant of that name.
#pragma once

#include "kernels/registry.h"

#define AXONE_KERNEL_FAMILIES    \
  AXONE_FAMILY(map_family)       \
  AXONE_FAMILY(reduce_family)    \
  AXONE_FAMILY(gemm_family)      \
  AXONE_FAMILY(random_family)    \
  AXONE_FAMILY(softmax_family)   \
  AXONE_FAMILY(conv_family)      \
  AXONE_FAMILY(pool_family)      \
  AXONE_FAMILY(depthwise_family) \
  AXONE_FAMILY(winograd_family)  \
  AXONE_FAMILY(rnn_family)       \
  AXONE_FAMILY(rnn_few_family)   \
  AXONE_FAMILY(attention_family)
