"""Derivatives of plain functions: axone.grad, second derivatives, and a minimum found by Newton's method."""

import numpy as np

import axone
from axone import ops


def bowl(x):
    """exp(x) - 2x: its minimum is where exp(x) = 2, at log 2."""
    return ops.exp(x) - 2.0 * x


slope = axone.grad(bowl)
curvature = axone.grad(slope)

x = 2.0
for step in range(8):
    x = x - float(slope(x)) / float(curvature(x))
    print(f"step {step + 1}: x = {x:.7f}")
print(f"minimum at {x:.6f}; log 2 is {np.log(2):.6f}")


def energy(position):
    """Potential of unit charges on a line that repel each other, each tied to the origin by a spring."""
    gaps = ops.expand_dims(position, 1) - ops.expand_dims(position, 0)
    apart = ops.abs(gaps) + ops.eye(len(position))
    repulsion = (ops.sum(1.0 / apart) - float(len(position))) / 2.0
    return repulsion + ops.sum(position * position) / 2.0


value_and_force = axone.function(axone.value_and_grad(energy))
position = np.linspace(-1.0, 1.0, 5).astype("float32")
for _ in range(300):
    value, gradient = value_and_force(position)
    position = position - 0.05 * np.asarray(gradient)
print(f"five charges at rest: {np.round(position, 4)}, energy {float(value):.4f}")
