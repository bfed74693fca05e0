"""How layers are connected: Keras 2's lists `[name, call, output, {arguments}]` as Keras 3's calls."""

from __future__ import annotations

from typing import Any

from axone.saving.repair_layers import Repair

__all__ = ["nodes_as_calls"]


def nodes_as_calls(
    inner: dict[str, Any],
    layers: list[dict[str, Any]],
    starts: dict[str, tuple[bool, bool]],
    repair: Repair,
) -> None:
    """Rewrite the connections of a functional model in place.

    Args:
        inner: configuration of the model: "input_layers" and "output_layers" are brought up to date.
        layers: its layers, whose "inbound_nodes" are.
        starts: by layer: whether it is a functional model, and whether a Sequential that knows its input:
            calls of both are counted from 1.
        repair: takes notes.
    """
    old = False
    for layer in layers:
        nodes = layer.get("inbound_nodes") or []
        if any(isinstance(node, list) for node in nodes):
            old = True
            layer["inbound_nodes"] = [_call(node, starts) for node in nodes if node]
    if old:
        repair.note(f"'{inner.get('name', 'model')}'", "connections in Keras 2's form")
    for key in ("input_layers", "output_layers"):
        if key not in inner:
            raise repair.fail(f"the model '{inner.get('name')}' has no '{key}'")
        inner[key] = _ends(inner[key], starts, old)


def _is_place(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) >= 3
        and isinstance(value[0], str)
        and all(isinstance(number, int) and not isinstance(number, bool) for number in value[1:3])
    )


def _ends(places: Any, starts: dict[str, tuple[bool, bool]], old: bool) -> Any:
    if _is_place(places):
        name, call, output = places[:3]
        return [name, call - (1 if old and starts.get(name, (False, False))[1] else 0), output]
    if isinstance(places, dict):
        return {key: _ends(value, starts, old) for key, value in places.items()}
    return [_ends(value, starts, old) for value in places]


def _call(node: list[Any], starts: dict[str, tuple[bool, bool]]) -> dict[str, Any]:
    """One call: its tensors, several of them as a list, and the arguments that go with the first."""

    def tensor(place: Any) -> dict[str, Any]:
        name, call, output = place[:3]
        call -= 1 if any(starts.get(name, (False, False))) else 0
        config = {"shape": [], "dtype": "float32", "keras_history": [name, call, output]}
        return {"class_name": "__keras_tensor__", "config": config}

    def argument(value: Any) -> Any:
        if _is_place(value) and value[0] in starts:
            return tensor(value)
        if isinstance(value, list) and value and value[0] == "_CONSTANT_VALUE":
            return value[2]
        if isinstance(value, list):
            return [argument(item) for item in value]
        return value

    # What a function was given comes one by one, not as a list.
    apart = node[-1] == "operands"
    node = node[:-1] if apart else node
    places = [node] if _is_place(node) else node
    kwargs: dict[str, Any] = {}
    for place in places:
        if len(place) > 3 and isinstance(place[3], dict):
            kwargs.update({key: argument(value) for key, value in place[3].items()})
    tensors = [argument(place) if place[0] == "_CONSTANT_VALUE" else tensor(place) for place in places]
    if apart:
        return {"args": tensors, "kwargs": kwargs}
    return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": kwargs}
