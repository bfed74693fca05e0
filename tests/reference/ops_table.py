"""Calls of functions of `ops` on small arrays, by family; run in float32 and in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Entries = dict[str, Callable[[], Any]]


def plain(value: Any) -> Any:
    """A result as nested lists, floats with the digits that their dtype has."""
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return array.astype("float64").tolist()
    digits = 9 if array.dtype == np.float32 else 17
    rounded = [float(f"{v:.{digits}g}") for v in array.astype("float64").ravel()]
    return np.array(rounded).reshape(array.shape).tolist()


UNARY = (
    "abs absolute negative sign square exp expm1 sin cos tan arctan sinh cosh tanh arcsinh erf "
    "erfc floor ceil trunc round sigmoid log_sigmoid softplus softsign relu relu6 leaky_relu elu "
    "selu gelu silu swish celu hard_sigmoid hard_silu hard_tanh hard_shrink soft_shrink "
    "tanh_shrink squareplus sparse_plus sparse_sigmoid softmax log_softmax isnan isinf isfinite "
    "logical_not exp2 deg2rad rad2deg sinc i0 signbit fabs real imag conj isreal angle "
    "nan_to_num"
)


BINARY = (
    "add subtract multiply divide true_divide maximum minimum equal not_equal less less_equal "
    "greater greater_equal arctan2 logaddexp logaddexp2 hypot fmax fmin nextafter mod "
    "floor_divide fmod logical_and logical_or logical_xor heaviside isclose divide_no_nan"
)


class Inputs:
    """Seeded arrays of one floating dtype."""

    def __init__(self, dtype: str) -> None:
        rng = np.random.default_rng(7)
        self.dtype = dtype
        self.x = rng.normal(size=(2, 3)).astype(dtype)
        self.y = rng.normal(size=(2, 3)).astype(dtype)
        self.v = rng.normal(size=7).astype(dtype)
        self.cube = rng.normal(size=(2, 2, 3)).astype(dtype)
        self.small = rng.uniform(-0.9, 0.9, (2, 3)).astype(dtype)
        self.positive = rng.uniform(0.2, 3, (2, 3)).astype(dtype)
        self.square = (rng.normal(size=(2, 3, 3)) + 3 * np.eye(3)).astype(dtype)
        self.definite = (self.square @ self.square.transpose(0, 2, 1)).astype(dtype)
        self.tall = rng.normal(size=(4, 2)).astype(dtype)
        self.holes = np.where(rng.random((3, 4)) < 0.3, np.nan, rng.normal(size=(3, 4))).astype(dtype)
        self.i = np.array([[3, -7, 0], [12, 5, -1]], "int32")
        self.j = np.array([[2, 2, 5], [-3, 1, 4]], "int32")
        self.b = np.array([[True, False, True], [False, False, True]])
        self.signal = rng.normal(size=16).astype(dtype)
        self.image = rng.normal(size=(1, 4, 4, 2)).astype(dtype)


def elementwise(o: Any, a: Inputs) -> Entries:
    """Without sparsemax: Keras 3.15's results do not add up to 1."""
    table: Entries = {name: lambda n=name: getattr(o, n)(a.x) for name in UNARY.split()}
    for name in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"):
        table[name] = lambda n=name: getattr(o, n)(a.positive)
    for name in ("arcsin", "arccos", "arctanh", "erfinv"):
        table[name] = lambda n=name: getattr(o, n)(a.small)
    table["arccosh"] = lambda: o.arccosh(a.positive + 1)
    table["round decimals"] = lambda: o.round(a.x, 1)
    table["gelu exact"] = lambda: o.gelu(a.x, approximate=False)
    table["leaky_relu slope"] = lambda: o.leaky_relu(a.x, 0.3)
    table["elu alpha"] = lambda: o.elu(a.x, 0.5)
    table["clip"] = lambda: o.clip(a.x, -0.5, 0.7)
    table["threshold"] = lambda: o.threshold(a.x, 0.2, -1.0)
    table["softmax axis"] = lambda: o.softmax(a.x, axis=0)
    table["glu"] = lambda: o.glu(a.tall)
    table["cast"] = lambda: o.cast(a.x * 3, "int32")
    table["saturate_cast"] = lambda: o.saturate_cast(a.x * 300, "uint8")
    table["view"] = lambda: o.view(a.i, "uint8")
    table["ldexp"] = lambda: o.ldexp(a.x, a.j)
    return table


def pairs(o: Any, a: Inputs) -> Entries:
    table: Entries = {name: lambda n=name: getattr(o, n)(a.x, a.y) for name in BINARY.split()}
    for name in ("gcd", "lcm", "mod", "floor_divide", "bitwise_and", "bitwise_or", "bitwise_xor", "power"):
        table[f"{name} int"] = lambda n=name: getattr(o, n)(a.i, abs(a.j))
    table["left_shift"] = lambda: o.left_shift(a.i, abs(a.j))
    table["right_shift"] = lambda: o.right_shift(a.i, abs(a.j))
    table["bitwise_not"] = lambda: o.bitwise_not(a.i)
    table["power"] = lambda: o.power(a.positive, a.y)
    table["where"] = lambda: o.where(a.b, a.x, a.y)
    table["select"] = lambda: o.select([a.b, ~a.b], [a.x, a.y], 0.0)
    table["broadcast"] = lambda: o.add(a.x[:, :1], a.y[0])
    table["outer"] = lambda: o.outer(a.x[0], a.y[0])
    table["cross"] = lambda: o.cross(a.x, a.y)
    table["dot"] = lambda: o.dot(a.x, a.y.T)
    table["vdot"] = lambda: o.vdot(a.x[0], a.y[0])
    table["inner"] = lambda: o.inner(a.x, a.y)
    table["kron"] = lambda: o.kron(a.x, a.y[:, :2])
    table["matmul"] = lambda: o.matmul(a.cube, a.y.T)
    table["matmul int"] = lambda: o.matmul(a.i, a.j.T)
    table["tensordot"] = lambda: o.tensordot(a.cube, a.cube, [[1, 2], [0, 2]])
    table["einsum"] = lambda: o.einsum("bij,bkj->bik", a.cube, a.cube)
    table["cdist"] = lambda: o.cdist(a.x, a.y)
    table["psnr"] = lambda: o.psnr(a.x, a.y, 2.0)
    for mode in ("valid", "same", "full"):
        table[f"correlate {mode}"] = lambda m=mode: o.correlate(a.v, a.x[0], m)
    return table


def reductions(o: Any, a: Inputs) -> Entries:
    table: Entries = {}
    for name in (
        "sum",
        "mean",
        "max",
        "min",
        "prod",
        "var",
        "std",
        "logsumexp",
        "any",
        "all",
        "median",
        "amax",
        "amin",
        "ptp",
    ):
        for label, axis in (("all", None), ("0", 0), ("last", -1)):
            table[f"{name} {label}"] = lambda n=name, ax=axis: getattr(o, n)(a.cube, axis=ax)
        table[f"{name} kept"] = lambda n=name: getattr(o, n)(a.cube, axis=1, keepdims=True)
    for name in ["nansum", "nanmean", "nanmax", "nanmin", "nanprod", "nanvar", "nanstd", "nanmedian"]:
        table[name] = lambda n=name: getattr(o, n)(a.holes, axis=1)
    for name in (
        "argmax",
        "argmin",
        "nanargmax",
        "nanargmin",
        "cumsum",
        "cumprod",
        "nancumsum",
        "nancumprod",
    ):
        table[name] = lambda n=name: getattr(o, n)(a.holes if n.startswith("nan") else a.cube, axis=-1)
    for method in ("linear", "lower", "higher", "midpoint", "nearest"):
        table[f"quantile {method}"] = lambda m=method: o.quantile(a.v, [0.1, 0.5, 0.83], method=m)
        table[f"nanquantile {method}"] = lambda m=method: o.nanquantile(a.holes, 0.4, axis=1, method=m)
    table["percentile"] = lambda: o.percentile(a.cube, 30.0, axis=1)
    table["average"] = lambda: o.average(a.x, axis=1, weights=a.positive[0])
    table["count_nonzero"] = lambda: o.count_nonzero(a.i, axis=0)
    table["sum int"] = lambda: o.sum(a.i, axis=0)
    table["sum bool"] = lambda: o.sum(a.b)
    table["moments"] = lambda: o.moments(a.cube, axes=[0, 1])
    table["bincount"] = lambda: o.bincount(np.array([0, 3, 1, 3]))
    table["histogram"] = lambda: o.histogram(a.v, 4)
    table["histogram range"] = lambda: o.histogram(a.v, 3, (-1.0, 1.0))
    table["corrcoef"] = lambda: o.corrcoef(a.x)
    table["trapezoid"] = lambda: o.trapezoid(a.x, a.positive, axis=1)
    table["diff"] = lambda: o.diff(a.v, 2)
    for kind in ("sum", "max", "min", "prod"):
        table[f"segment_{kind}"] = lambda s=kind: getattr(o, f"segment_{s}")(
            a.tall, np.array([0, 1, 1, 0]), num_segments=2
        )
    return table


def layout(o: Any, a: Inputs) -> Entries:
    place = np.array([[0, 1], [1, 2], [0, 1]])
    return {
        "transpose": lambda: o.transpose(a.cube, (2, 0, 1)),
        "moveaxis": lambda: o.moveaxis(a.cube, 0, -1),
        "swapaxes": lambda: o.swapaxes(a.cube, 0, 2),
        "reshape": lambda: o.reshape(a.cube, (3, -1)),
        "concatenate": lambda: o.concatenate([a.x, a.y], axis=1),
        "stack": lambda: o.stack([a.x, a.y], axis=1),
        "hstack": lambda: o.hstack([a.x, a.y]),
        "vstack": lambda: o.vstack([a.x, a.y]),
        "dstack": lambda: o.dstack([a.x, a.y]),
        "split": lambda: o.split(a.v, [2, 5]),
        "array_split": lambda: o.array_split(a.v, 3),
        "pad": lambda: o.pad(a.x, ((1, 0), (0, 2)), constant_values=3.0),
        "pad reflect": lambda: o.pad(a.x, ((1, 1), (2, 0)), mode="reflect"),
        "pad symmetric": lambda: o.pad(a.x, ((1, 1), (2, 0)), mode="symmetric"),
        "tile": lambda: o.tile(a.x, (2, 2)),
        "repeat": lambda: o.repeat(a.x, 2, axis=1),
        "roll": lambda: o.roll(a.x, 1, axis=1),
        "flip": lambda: o.flip(a.x, axis=0),
        "rot90": lambda: o.rot90(a.x),
        "diag": lambda: o.diag(a.v),
        "diagonal": lambda: o.diagonal(a.square, 1, 1, 2),
        "trace": lambda: o.trace(a.square[0]),
        "tril": lambda: o.tril(a.square, -1),
        "triu": lambda: o.triu(a.square, 1),
        "vander": lambda: o.vander(a.x[0], 4),
        "meshgrid": lambda: o.meshgrid(a.x[0], a.y[0]),
        "take": lambda: o.take(a.cube, [[2, 0], [-1, 1]], axis=2),
        "take_along_axis": lambda: o.take_along_axis(a.x, np.array([[0, 2], [1, 1]]), axis=1),
        "slice": lambda: o.slice(a.x, (0, 1), (2, 2)),
        "slice_update": lambda: o.slice_update(a.x, (0, 1), a.y[:, :2]),
        "scatter": lambda: o.scatter(place, a.x[0], (2, 3)),
        "scatter_update add": lambda: o.scatter_update(a.x, place, a.y[0], reduction="add"),
        "scatter_update max": lambda: o.scatter_update(a.x, place, a.y[0], reduction="max"),
        "scatter_update mul": lambda: o.scatter_update(a.x, place, a.y[0], reduction="mul"),
        "one_hot": lambda: o.one_hot(np.array([0, 2, -1]), 3),
        "multi_hot": lambda: o.multi_hot(np.array([[0, 2], [1, 1]]), 3),
        "sort": lambda: o.sort(a.cube, axis=0),
        "argsort": lambda: o.argsort(a.v),
        "top_k": lambda: o.top_k(a.cube, 2),
        "in_top_k": lambda: o.in_top_k(np.array([0, 2]), a.x, 2),
        "searchsorted": lambda: o.searchsorted(o.sort(a.v), a.x[0]),
        "digitize": lambda: o.digitize(a.x, np.array([-1.0, 0.0, 1.0], a.dtype)),
        "unique": lambda: o.unique(np.array([3, 1, 3, 2])),
        "rearrange": lambda: o.rearrange(a.image, "b (h p) w c -> b h (w p) c", p=2),
        "eye": lambda: o.eye(3, 4, 1),
        "linspace": lambda: o.linspace(0.0, 1.0, 5),
        "logspace": lambda: o.logspace(0.0, 2.0, 3),
        "geomspace": lambda: o.geomspace(1.0, 8.0, 4),
        "arange": lambda: o.arange(1.0, 3.0, 0.5),
        "unravel_index": lambda: o.unravel_index(np.array([5, 2]), (2, 3)),
        "nonzero": lambda: o.nonzero(a.b),
    }


def algebra(o: Any, a: Inputs) -> Entries:
    """Decompositions, which leave signs open, by what they are put together to."""

    def rebuilt(parts: Any, join: Callable[..., Any]) -> Any:
        return join(*[np.asarray(p) for p in parts])

    table: Entries = {
        "cholesky": lambda: o.cholesky(a.definite),
        "cholesky upper": lambda: o.cholesky(a.definite, upper=True),
        "cholesky_inverse": lambda: o.cholesky_inverse(np.linalg.cholesky(a.definite[0])),
        "inv": lambda: o.inv(a.square),
        "det": lambda: o.det(a.square),
        "slogdet": lambda: o.slogdet(a.square),
        "logdet": lambda: o.logdet(a.definite),
        "solve": lambda: o.solve(a.square, a.square[::-1]),
        "solve vector": lambda: o.solve(a.square[0], a.x[0]),
        "solve_triangular": lambda: o.solve_triangular(a.square, a.square[::-1]),
        "solve_triangular lower": lambda: o.solve_triangular(a.square, a.square[::-1], lower=True),
        "eigh values": lambda: o.eigh(a.definite)[0],
        "eigh": lambda: rebuilt(o.eigh(a.definite), lambda w, v: (v * w[:, None]) @ v.transpose(0, 2, 1)),
        "svd values": lambda: o.svd(a.tall, compute_uv=False),
        "svd": lambda: rebuilt(o.svd(a.tall, full_matrices=False), lambda u, s, v: (u * s) @ v),
        "svd full": lambda: [np.shape(p) for p in o.svd(a.tall)],
        "qr": lambda: rebuilt(o.qr(a.tall), lambda q, r: q @ r),
        "qr complete": lambda: [np.shape(p) for p in o.qr(a.tall, mode="complete")],
        "lu_factor": lambda: o.lu_factor(a.square[0]),
        "pinv": lambda: o.pinv(a.tall),
        "lstsq": lambda: o.lstsq(a.tall, a.v[:4]),
        "matrix_rank": lambda: o.matrix_rank(a.square),
        "jvp": lambda: o.jvp(
            lambda x, y: o.sin(x) * y,
            *[[o.convert_to_tensor(v) for v in pair] for pair in ((a.x, a.y), (a.y, a.x))],
        ),
    }
    for order in (None, "fro", "nuc", 1, -1, 2, -2, np.inf):
        table[f"norm matrix {order}"] = lambda n=order: o.norm(a.square, n, axis=(1, 2))
    for order in (1, 2, 3, 0, np.inf, -np.inf):
        table[f"norm vector {order}"] = lambda n=order: o.norm(a.x, n, axis=1, keepdims=True)
    return table


def signals(o: Any, a: Inputs) -> Entries:
    z = (a.x, a.y)
    table: Entries = {
        "rfft": lambda: o.rfft(a.v),
        "rfft length": lambda: o.rfft(a.v, 10),
        "hamming": lambda: o.hamming(5),
        "fft": lambda: o.fft(z),
        "fft2": lambda: o.fft2(z),
        "ifft2": lambda: o.ifft2(z),
        "irfft": lambda: o.irfft(z),
        "irfft length": lambda: o.irfft(z, 5),
        "extract_sequences": lambda: o.extract_sequences(a.signal, 6, 4),
        "stft": lambda: o.stft(a.signal, 6, 3, 8),
        "stft hamming": lambda: o.stft(a.signal, 6, 3, 8, window="hamming", center=False),
        "stft none": lambda: o.stft(a.signal, 8, 4, 8, window=None),
        "istft": lambda: o.istft(o.stft(a.signal, 8, 2, 8), 8, 2, 8),
        "istft length": lambda: o.istft(o.stft(a.signal, 6, 2, 8), 6, 2, 8, length=11),
    }
    return table


def networks(o: Any, a: Inputs) -> Entries:
    mean, variance = a.cube.mean((0, 1)), a.cube.var((0, 1))
    target = np.eye(3, dtype=a.dtype)[[0, 2]]
    p = np.abs(a.small) / np.abs(a.small).sum(1, keepdims=True)
    heads = [np.resize(a.signal * f, (1, 3, 2, 2)).astype(a.dtype) for f in (1.0, 0.5, -1.0)]
    return {
        "batch_normalization": lambda: o.batch_normalization(a.cube, mean, variance, -1, a.x[0], a.y[0]),
        "layer_normalization": lambda: o.layer_normalization(a.cube, a.x[0], a.y[0]),
        "rms_normalization": lambda: o.rms_normalization(a.cube),
        "normalize": lambda: o.normalize(a.x, order=2),
        "normalize order 3": lambda: o.normalize(a.x, axis=0, order=3),
        "categorical_crossentropy": lambda: o.categorical_crossentropy(target, p),
        "categorical_crossentropy logits": lambda: o.categorical_crossentropy(target, a.x, from_logits=True),
        "sparse_categorical_crossentropy": lambda: o.sparse_categorical_crossentropy(np.array([0, 2]), p),
        "binary_crossentropy": lambda: o.binary_crossentropy(target, p),
        "binary_crossentropy logits": lambda: o.binary_crossentropy(target, a.x, from_logits=True),
        "dot_product_attention": lambda: o.dot_product_attention(*heads),
        "dot_product_attention causal": lambda: o.dot_product_attention(*heads, is_causal=True),
        "cond": lambda: o.cond(a.x[0, 0] > 0, lambda: a.x * 2, lambda: a.y),
        "switch": lambda: o.switch(1, [lambda v: v, lambda v: v * 2], a.x),
        "map": lambda: o.map(lambda r: o.sum(r) * r, a.x),
        "vectorized_map": lambda: o.vectorized_map(lambda r: o.cumsum(r), a.x),
    }


# What Keras computes in float32, or with constants rounded to it, also for float64 (istft: with other ends).
SINGLE = frozenset(
    (
        *(
            "rfft",
            "rfft length",
            "hamming",
            "leaky_relu",
            "leaky_relu slope",
            "gelu",
            "gelu exact",
            "logaddexp2",
        ),
        *("quantile linear", "histogram range", "istft", "istft length", "dot_product_attention"),
        "dot_product_attention causal",
    )
)
FAMILIES = (elementwise, pairs, reductions, layout, algebra, signals, networks)


def results(family: Callable[[Any, Inputs], Entries], package: Any, dtype: str) -> dict[str, Any]:
    """All entries of a family, computed by a package."""
    before = package.config.floatx()
    package.config.set_floatx(dtype)
    try:
        with np.errstate(all="ignore"):
            entries = family(package.ops, Inputs(dtype)).items()
            skipped = SINGLE if dtype == "float64" else ()
            return {name: plain(call()) for name, call in entries if name not in skipped}
    finally:
        package.config.set_floatx(before)
