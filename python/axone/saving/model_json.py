"""Models without weights as JSON: what `Model.to_json` wrote, in Keras 1, 2, 3 or axone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.core.registration import CustomObjectScope
from axone.core.variable import unfilled_variables
from axone.saving.keras_file import read_json
from axone.saving.loading import OLD_FUNCTIONS, compile_model, draw_rest, model_of
from axone.saving.repair import Changes, repair_model
from axone.saving.source import BytesSource, FileError, FileSource, Source

__all__ = ["config_version", "load_json", "model_from_json"]

_MEND = "take its 'compile_config' out of the text"
# A text of a few hundred bytes can ask for any amount of memory.
_MAX_BYTES = 2 << 30


def config_version(config: Mapping[str, Any]) -> str:
    """Return the version of Keras that wrote a configuration, as far as it says so.

    Keras 1 and 2 name it, Keras 3 names modules instead; "2" stands for what does neither.
    """
    version = config.get("keras_version")
    return str(version) if version else "3" if "module" in config else "2"


def model_from_json(
    json_string: str, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Build a model, with fresh weights, from the text of `Model.to_json`, axone's or Keras 1's to 3's.

    Args:
        json_string: the text.
        custom_objects: users' classes and functions by name.
        safe_mode: refuse Python code stored in the text, and weights of more than 2 GB.

    Returns:
        The model.

    Raises:
        ValueError: the text describes no model, or one of unknown classes.

    Example:
        >>> again = axone.models.model_from_json(model.to_json())
    """
    if not isinstance(json_string, str):
        raise ValueError(
            f"model_from_json: expected the text that to_json() gives, got {type(json_string).__name__}."
        )
    source = BytesSource(json_string.encode("utf-8", "surrogatepass"), "model_from_json")
    return _model(source, custom_objects, safe_mode)


def load_json(path: Any, safe_mode: bool = True) -> Any:
    """Build a model, with fresh weights, from a `.json` file; errors name the file."""
    with FileSource(path) as source:
        return _model(source, None, safe_mode)


def _model(source: Source, custom_objects: Mapping[str, Any] | None, safe_mode: bool) -> Any:
    data = source.read(0, source.size, "the text")
    config = read_json(data, source, "the text (expected is what to_json() gives)")
    if not isinstance(config, dict):
        raise source.error("the text describes no model: it holds no object")
    changes = Changes()
    try:
        objects = {**OLD_FUNCTIONS, **(custom_objects or {})}
        with CustomObjectScope(objects), unfilled_variables() as unfilled:
            repaired = repair_model(config, config_version(config), changes, source.name)
            model = model_of(repaired, safe_mode, source.name)
            if config.get("compile_config"):
                compile_model(model, config["compile_config"], changes, source.name, _MEND)
            if safe_mode and unfilled.nbytes > _MAX_BYTES:
                size = f"{unfilled.nbytes / 1e9:.1f} GB"
                raise source.error(f"its weights take {size}. Pass safe_mode=False if you trust the text")
            draw_rest(unfilled, source.name)
    except MemoryError:
        raise FileError(f"{source.name}: the model that it describes does not fit into memory.") from None
    except RecursionError:
        raise FileError(f"{source.name}: the configuration is nested too deeply.") from None
    return model
