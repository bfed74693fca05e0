"""Settings of this process: threads, dtypes, layout, messages; Keras's `keras.config` and a little more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axone.core import engine, settings
from axone.core.dtypes import epsilon, floatx, set_epsilon, set_floatx
from axone.utils.io import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from axone.utils.tracebacks import (
    disable_traceback_filtering,
    enable_traceback_filtering,
    is_traceback_filtering_enabled,
)

if TYPE_CHECKING:
    from axone.dtype_policies import DTypePolicy

__all__ = [
    "backend",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "exact_convolution",
    "floatx",
    "image_data_format",
    "instruction_set",
    "instruction_sets",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "num_threads",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_exact_convolution",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
    "set_num_threads",
    "show",
]

_FORMATS = ("channels_last", "channels_first")
_image_data_format = "channels_last"


def backend() -> str:
    """Returns the name of what computes: always "axone"."""
    return "axone"


def set_backend(backend: str) -> None:
    """Takes "axone" only: what computes cannot be changed.

    Raises:
        ValueError: another name.
    """
    if backend != "axone":
        raise ValueError(f"set_backend: axone computes by itself; there is no backend {backend!r}.")


def is_nnx_enabled() -> bool:
    """Returns False: there are no JAX modules here."""
    return False


def max_epochs() -> int | None:
    """Returns the most epochs that a `fit` trains, None for no limit."""
    return settings.max_epochs.value


def set_max_epochs(max_epochs: int | None) -> None:
    """Limits the epochs of every `fit` from now on, to try a script out quickly.

    Args:
        max_epochs: at least 1; None removes the limit.

    Raises:
        ValueError: no such number.
    """
    settings.max_epochs.set(max_epochs)


def max_steps_per_epoch() -> int | None:
    """Returns the most steps that an epoch, an evaluation or a prediction takes, None for no limit."""
    return settings.max_steps.value


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limits the steps of every epoch, evaluation and prediction from now on.

    Args:
        max_steps_per_epoch: at least 1; None removes the limit.

    Raises:
        ValueError: no such number.

    Example:
        >>> axone.config.set_max_steps_per_epoch(10)
    """
    settings.max_steps.set(max_steps_per_epoch)


def enable_unsafe_deserialization() -> None:
    """Lets loading run code that is stored in the data, as `safe_mode=False` does for one call."""
    settings.flags["unsafe_deserialization"] = True


def enable_flash_attention() -> None:
    """Asks for fused attention; a wish only: attention has one implementation and one result."""
    settings.flags["flash_attention"] = True


def disable_flash_attention() -> None:
    """Takes back `enable_flash_attention`."""
    settings.flags["flash_attention"] = False


def is_flash_attention_enabled() -> bool:
    """Returns whether `enable_flash_attention` was called last."""
    return settings.flags["flash_attention"]


def image_data_format() -> str:
    """Returns where image layers expect the channels by default: "channels_last" or "channels_first"."""
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Sets where image layers expect the channels by default.

    Args:
        data_format: "channels_last" for `(batch, height, width, channels)`, "channels_first" for
            `(batch, channels, height, width)`.

    Raises:
        ValueError: another name.

    Example:
        >>> axone.config.set_image_data_format("channels_first")
    """
    global _image_data_format
    name = str(data_format).lower()
    if name not in _FORMATS:
        raise ValueError(
            f"set_image_data_format: expected {' or '.join(map(repr, _FORMATS))}, got {data_format!r}."
        )
    _image_data_format = name


def dtype_policy() -> DTypePolicy:
    """Returns the dtype policy that new layers get; that of `floatx` until `set_dtype_policy` is called."""
    from axone import dtype_policies

    return dtype_policies.dtype_policy()


def set_dtype_policy(policy: str | DTypePolicy | None) -> None:
    """Sets the dtype policy that new layers get.

    Args:
        policy: a `DTypePolicy`, or its name, such as "float32" or "float64"; None goes back to `floatx`.

    Raises:
        ValueError: no such policy.
    """
    from axone import dtype_policies

    dtype_policies.set_dtype_policy(policy)


def exact_convolution() -> bool:
    """Returns what `set_exact_convolution` was told last; False at first."""
    return settings.flags["exact_convolution"]


def set_exact_convolution(exact: bool) -> None:
    """Says whether convolutions are computed by their definition alone.

    Otherwise 3 x 3 and 5 x 5 convolutions of stride 1 in float32 take Winograd's F(4, 3) and F(2, 5): about a
    third of the multiplications, and rounding errors of about 1e-6 of the output's size instead of 2e-7.
    float64 is always exact. The switch is about what is traced from then on: what a model has run already
    stays as it is until `compile` is called again.

    Args:
        exact: True turns Winograd off.

    Example:
        >>> axone.config.set_exact_convolution(True)
    """
    settings.flags["exact_convolution"] = bool(exact)


def num_threads() -> int:
    """Returns how many threads a computation may use.

    The last `set_num_threads`, else the environment variable AXONE_NUM_THREADS, else the processors that this
    process may use (affinity and cgroup quota).
    """
    return engine.num_threads()


def set_num_threads(count: int) -> None:
    """Sets how many threads a computation may use. Results do not depend on it, bit for bit.

    Args:
        count: from 1 to 4096.

    Raises:
        TypeError: `count` is no integer.
        ValueError: it is out of range.

    Example:
        >>> axone.config.set_num_threads(1)
    """
    if isinstance(count, bool) or not hasattr(count, "__index__"):
        raise TypeError(f"set_num_threads: expected an integer, got {count!r}.")
    engine.set_num_threads(int(count))


def instruction_set() -> str:
    """Returns the instruction set that the kernels use: "avx512", "avx2", "neon" or "baseline".

    The best that this machine runs, or the one that the environment variable AXONE_ISA names.
    """
    return engine.instruction_set()


def instruction_sets() -> list[str]:
    """Returns the instruction sets that this build holds and this machine runs, best first."""
    return engine.instruction_sets()


def show() -> None:
    """Prints version, instruction set, threads and build flags.

    Example:
        >>> axone.config.show()
        axone            0.1.0
        instruction set  avx2 (this machine runs avx2, baseline)
        threads          2
        build            GNU 12.2.0 Release
    """
    rows: dict[str, Any] = {
        "axone": engine.version(),
        "instruction set": f"{instruction_set()} (this machine runs {', '.join(instruction_sets())})",
        "threads": num_threads(),
        "build": engine.build_flags(),
    }
    for name, value in rows.items():
        print(f"{name:16} {value}")
