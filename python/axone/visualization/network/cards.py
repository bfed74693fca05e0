"""What a picture of a model shows: cards, groups of cards, and the links between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from axone.core import tree
from axone.core.operation import FunctionOperation
from axone.layers.layer import Layer
from axone.models.functional import Functional
from axone.models.sequential import Sequential

__all__ = ["Card", "Link", "Network", "Shown", "network_of"]


@dataclass(frozen=True)
class Shown:
    """What the cards say, as in the arguments of `plot_model`."""

    shapes: bool = False
    dtype: bool = False
    names: bool = True
    activations: bool = False
    trainable: bool = False


@dataclass
class Card:
    """One layer.

    Attributes:
        key: unique within the picture.
        title: name of the class.
        name: name of the layer, where it is shown.
        rows: label and text of each line below the title.
        trainable: True or False where that is shown and the layer has weights.
        color: of the title's background.
    """

    key: str
    title: str
    name: str
    rows: list[tuple[str, str]]
    trainable: bool | None
    color: str


@dataclass(frozen=True)
class Link:
    """Data flows from output `source_port` of member `source` to input `target_port` of member `target`."""

    source: int
    source_port: int
    target: int
    target_port: int


@dataclass
class Network:
    """A model: its members, the links between them, and where data enters and leaves.

    Attributes:
        entries: for each input the member, and the member's own input, that it goes to.
        exits: for each output the member, and the member's own output, that it comes from.
    """

    key: str
    name: str
    members: list[Card | Network] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    entries: list[tuple[int, int]] = field(default_factory=list)
    exits: list[tuple[int, int]] = field(default_factory=list)


# Colours of families, the first whose word occurs in the name of the class, of a base, or of their modules.
_COLORS = (
    ("inputlayer", "#455a64"),
    ("models.", "#37474f"),
    ("attention", "#8e3b6d"),
    ("bidirectional rnn recurrent lstm gru timedistributed", "#a8432f"),
    ("normalization", "#6a4c93"),
    ("dropout noise regularization", "#8d6e63"),
    ("pool", "#1f7a7a"),
    ("conv", "#3949ab"),
    ("embedding", "#00695c"),
    ("dense", "#1e6091"),
    ("activation rectifiers relu elu softmax", "#b35c00"),
    ("padding cropping upsampling reshap flatten permute repeatvector resampling spatial", "#5f6368"),
    ("merging add multiply concatenate", "#4a7c2c"),
    ("preprocessing random resizing rescaling", "#7b6d2d"),
)
_OTHER_COLOR = "#5f6368"


def _color(operation: Any) -> str:
    for cls in type(operation).__mro__:
        where = f"{cls.__module__}.{_title(operation) if cls is type(operation) else cls.__name__}".lower()
        for words, color in _COLORS:
            if any(word in where.removeprefix("axone.") for word in words.split()):
                return color
        if cls is Layer:
            break
    return _OTHER_COLOR


def _title(operation: Any) -> str:
    return operation.class_name if isinstance(operation, FunctionOperation) else type(operation).__name__


def _text(values: Any) -> str:
    """Shapes or dtypes of one tensor or of a nest of them."""
    if isinstance(values, dict):
        return ", ".join(f"{key}: {_text(value)}" for key, value in values.items())
    if isinstance(values, list):
        return "[" + ", ".join(map(_text, values)) + "]"
    return str(values)


def _of_tensors(operation: Any, which: str, attribute: str) -> str:
    """An attribute of an operation's inputs or outputs; a question mark where it was never called."""
    try:
        tensors = getattr(operation, which)
    except (AttributeError, ValueError):
        return "?"
    return _text(tree.map_structure(lambda tensor: _value(tensor, attribute), tensors))


def _value(tensor: Any, attribute: str) -> Any:
    value = getattr(tensor, attribute)
    return str(tuple(value)) if attribute == "shape" else value


def _activation(operation: Any) -> str | None:
    activation = getattr(operation, "activation", None)
    if activation is None:
        return None
    return str(getattr(activation, "name", None) or getattr(activation, "__name__", activation))


def _card(operation: Any, shown: Shown, key: str) -> Card:
    rows = []
    activation = _activation(operation) if shown.activations else None
    if activation is not None:
        rows.append(("activation", activation))
    title = _title(operation)
    if shown.shapes:
        if title != "InputLayer":
            rows.append(("input", _of_tensors(operation, "input", "shape")))
        rows.append(("output", _of_tensors(operation, "output", "shape")))
    if shown.dtype:
        rows.append(("dtype", _of_tensors(operation, "output", "dtype")))
    has_weights = bool(getattr(operation, "weights", None))
    trainable = bool(operation.trainable) if shown.trainable and has_weights else None
    name = operation.name if shown.names else ""
    return Card(key, title, name, rows, trainable, _color(operation))


def network_of(model: Any, shown: Shown, expand_nested: bool, key: str = "n") -> Network:
    """Return what a picture of a model shows.

    Args:
        model: a built model; a subclassed one, whose calls are not known, is a single card.
        shown: what the cards say.
        expand_nested: whether models inside are shown with their layers.
        key: beginning of the cards' keys.
    """
    network = Network(key, model.name)
    functional = isinstance(model, Functional)
    if functional:
        operations = model.operations
    elif isinstance(model, Sequential):
        operations = model.layers
    else:
        operations = [model]
    for number, operation in enumerate(operations):
        inner = f"{key}_{number}"
        nested = operation is not model and isinstance(operation, (Functional, Sequential))
        network.members.append(
            network_of(operation, shown, expand_nested, inner)
            if nested and expand_nested
            else _card(operation, shown, inner)
        )
    if functional:
        _link_graph(network, model)
    else:
        last = len(operations) - 1
        network.links = [Link(i, 0, i + 1, 0) for i in range(last)]
        network.entries, network.exits = [(0, 0)], [(last, 0)]
    return network


def _link_graph(network: Network, model: Functional) -> None:
    place = {id(operation): number for number, operation in enumerate(model.operations)}
    found: dict[Link, None] = {}  # a set that keeps its order
    for node in model._graph.nodes:
        target = place[id(node.operation)]
        for port, tensor in enumerate(node.inputs):
            source, _, output = tensor.record
            if id(source) in place:
                ends = network.members[place[id(source)]], network.members[target]
                out_port, in_port = (
                    n if isinstance(m, Network) else 0 for n, m in zip((output, port), ends, strict=True)
                )
                found[Link(place[id(source)], out_port, target, in_port)] = None
    network.links = list(found)
    network.entries = [(place[id(tensor.record[0])], 0) for tensor in model.inputs]
    for tensor in model.outputs:
        operation, _, output = tensor.record
        member = place[id(operation)]
        network.exits.append((member, _port(network.members[member], output)))


def _port(member: Card | Network, number: int) -> int:
    """Which input or output a link meets; a card has one place for all."""
    return number if isinstance(member, Network) else 0
