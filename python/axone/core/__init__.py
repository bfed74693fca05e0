"""Tensors, variables, tracing and gradients: what `axone.ops` and everything above it stand on."""
