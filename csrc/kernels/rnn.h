// Contract of the recurrent kernels (family "rnn.", f32 and f64): one step of a cell for a block of rows
// (sequences) and of units, behind the product of the state with its kernel. Strides count elements. A row
// whose mask is 0 keeps its state, and no gradient passes through its step.
#pragma once

#include <stdint.h>

namespace axone {

// A matrix whose rows lie `stride` elements apart; several gates of a row lie RnnBlock::gate apart.
struct RnnRows {
  void* data;
  int64_t stride;
};

// Unused parts have a null pointer.
struct RnnBlock {
  int64_t rows, units;
  int64_t gate;          // from gate to gate in all but `product`
  int64_t product_gate;  // in `product`
  const uint8_t* mask;   // of row r at mask[r * mask_stride]
  int64_t mask_stride;
  RnnRows input;         // the projected inputs; backward: their gradient, written
  RnnRows product;       // forward: state times kernel, overwritten; backward: the gradient that comes back
                         // through it
  RnnRows product_rest;  // backward: more of that
  RnnRows product_grad;  // backward, where it differs from input's: the product's gradient, written
  RnnRows bias;          // of the product, stride 0
  RnnRows kept;          // gates that the backward pass needs: written forward
  RnnRows h_before, h;   // state before and behind the step
  RnnRows c_before, c;   // memory likewise
  RnnRows h_grad;        // backward: what comes from the step's output
  RnnRows passed;        // backward: what comes to h past the product; then what goes on so
  RnnRows c_grad;        // backward: gradient of c, then of c_before
  RnnRows h_copy;        // backward: takes h_before
};

// "rnn.lstm", "rnn.gru", "rnn.simple_rnn", and with "_grad" their gradients. `kept` holds, per unit:
// lstm i, f, g, o; gru z, r, n and the product's third part with bias; simple_rnn nothing.
using RnnFunction = void (*)(const RnnBlock& block);

}  // namespace axone
