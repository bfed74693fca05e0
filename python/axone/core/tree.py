"""Nested structures: lists, tuples, dicts and namedtuples whose leaves are anything else.

Dicts are visited in the order of their sorted keys (insertion order where keys cannot be compared, and for
`OrderedDict`), so that two dicts with the same keys always line up. `None` is a leaf.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]


class MAP_TO_NONE:
    """Returned by a `traverse` callback to put `None` in place of a value."""


def is_nested(structure: Any) -> bool:
    """Return True when `structure` is a list, tuple or dict (or a subclass), False for a leaf."""
    return isinstance(structure, (list, tuple, dict))


def _is_namedtuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(type(value), "_fields")


def _keys(mapping: dict[Any, Any]) -> list[Any]:
    if isinstance(mapping, OrderedDict):
        return list(mapping)
    try:
        return sorted(mapping)
    except TypeError:
        return list(mapping)


def _children(structure: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in _keys(structure)]
    return enumerate(structure)


def _rebuild(structure: Any, children: list[Any]) -> Any:
    """Build a container of the kind of `structure` from its children in visiting order."""
    if isinstance(structure, dict):
        values = dict(zip(_keys(structure), children, strict=True))
        ordered = {key: values[key] for key in structure}
        return OrderedDict(ordered) if isinstance(structure, OrderedDict) else ordered
    if _is_namedtuple(structure):
        return type(structure)(*children)
    return tuple(children) if isinstance(structure, tuple) else children


def _flatten_into(structure: Any, leaves: list[Any]) -> None:
    if isinstance(structure, dict):
        for key in _keys(structure):
            _flatten_into(structure[key], leaves)
    elif isinstance(structure, (list, tuple)):
        for child in structure:
            _flatten_into(child, leaves)
    else:
        leaves.append(structure)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves of `structure` as a flat list.

    Example: `flatten({"b": [2, 3], "a": 1})` gives `[1, 2, 3]`.
    """
    leaves: list[Any] = []
    _flatten_into(structure, leaves)
    return leaves


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return `(path, leaf)` pairs; a path is the tuple of keys and indices that leads to the leaf."""
    found: list[tuple[tuple[Any, ...], Any]] = []

    def visit(value: Any, path: tuple[Any, ...]) -> None:
        if not is_nested(value):
            found.append((path, value))
            return
        for key, child in _children(value):
            visit(child, (*path, key))

    visit(structure, ())
    return found


def _check_alike(first: Any, other: Any) -> None:
    if is_nested(first) != is_nested(other):
        raise ValueError(f"The two structures differ: {first!r} against {other!r}.")
    if not is_nested(first):
        return
    if isinstance(first, dict) != isinstance(other, dict) or isinstance(first, tuple) != isinstance(
        other, tuple
    ):
        raise ValueError(
            f"The two structures differ: a {type(first).__name__} against a {type(other).__name__}."
        )
    if isinstance(first, dict):
        if set(first) != set(other):
            raise ValueError(f"The two dicts have different keys: {sorted(first)} against {sorted(other)}.")
    elif len(first) != len(other):
        raise ValueError(f"The two sequences have different lengths: {len(first)} against {len(other)}.")


def map_structure(
    func: Callable[..., Any],
    *structures: Any,
    none_is_leaf: bool = True,
    is_leaf: Callable[[Any], bool] | None = None,
) -> Any:
    """Apply `func` to the leaves of one or several structures of the same shape.

    Args:
        func: called with one leaf of each structure.
        *structures: one or more structures; all must be nested alike.
        none_is_leaf: whether `func` is called with None too; else None stays where all structures have it.
        is_leaf: says of a container of the first structure whether it counts as a leaf.

    Returns:
        A structure like the first one that holds the results.

    Raises:
        ValueError: if no structure is given or the structures differ.

    Example: `map_structure(lambda a, b: a + b, [1, (2, 3)], [10, (20, 30)])` gives `[11, (22, 33)]`.
    """
    if not structures:
        raise ValueError("map_structure needs at least one structure.")
    if not none_is_leaf:
        return map_structure(
            lambda *leaves: None if all(x is None for x in leaves) else func(*leaves),
            *structures,
            is_leaf=is_leaf,
        )
    if len(structures) == 1:
        return _map_one(func, structures[0], is_leaf)
    first = structures[0]
    if is_leaf is not None and is_leaf(first):
        return func(*structures)
    for other in structures[1:]:
        _check_alike(first, other)
    if not is_nested(first):
        return func(*structures)
    if isinstance(first, dict):
        groups: list[tuple[Any, ...]] = [tuple(s[key] for s in structures) for key in _keys(first)]
    else:
        groups = list(zip(*structures, strict=True))
    return _rebuild(first, [map_structure(func, *group, is_leaf=is_leaf) for group in groups])


def _map_one(func: Callable[[Any], Any], structure: Any, is_leaf: Callable[[Any], bool] | None) -> Any:
    if not is_nested(structure) or (is_leaf is not None and is_leaf(structure)):
        return func(structure)
    if isinstance(structure, dict):
        return _rebuild(structure, [_map_one(func, structure[key], is_leaf) for key in _keys(structure)])
    return _rebuild(structure, [_map_one(func, child, is_leaf) for child in structure])


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Apply `func` to what stands in `structures` at the places of the leaves of `shallow_structure`.

    Example: `map_structure_up_to([0, 0], len, [[1, 2], [3]])` gives `[2, 1]`.
    """
    if not structures:
        raise ValueError("map_structure_up_to needs at least one structure.")
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _check_alike(shallow_structure, other)
    groups: list[tuple[Any, ...]]
    if isinstance(shallow_structure, dict):
        groups = [tuple(s[key] for s in structures) for key in _keys(shallow_structure)]
    else:
        groups = list(zip(*structures, strict=True))
    shallows = [child for _, child in _children(shallow_structure)]
    return _rebuild(
        shallow_structure,
        [map_structure_up_to(s, func, *group) for s, group in zip(shallows, groups, strict=True)],
    )


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise ValueError unless `a` and `b` are nested in the same way (types of containers included).

    `check_types` has no effect, as in Keras.
    """
    _check_alike(a, b)
    if isinstance(a, dict):
        for key in a:
            assert_same_structure(a[key], b[key])
    elif is_nested(a):
        for left, right in zip(a, b, strict=True):
            assert_same_structure(left, right)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError unless the leaves of `a` and `b` are reached by the same keys and indices."""
    left, right = ({path for path, _ in flatten_with_path(s)} for s in (a, b))
    if left != right:
        raise ValueError(
            f"The structures have different paths: only the first has {left - right}, "
            f"only the second {right - left}."
        )


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Nest the items of `flat_sequence` as the leaves of `structure` are nested.

    Raises:
        ValueError: if the number of items differs from the number of leaves.
    """
    items = list(flat_sequence)
    expected = len(flatten(structure))
    if len(items) != expected:
        raise ValueError(f"The structure has {expected} leaves, but {len(items)} items were given.")
    return _pack(structure, iter(items))


def _pack(structure: Any, items: Iterator[Any]) -> Any:
    if not is_nested(structure):
        return next(items)
    return _rebuild(structure, [_pack(child, items) for _, child in _children(structure)])


def lists_to_tuples(structure: Any) -> Any:
    """Return `structure` with every list turned into a tuple."""
    if isinstance(structure, dict):
        return _rebuild(structure, [lists_to_tuples(child) for _, child in _children(structure)])
    if isinstance(structure, (list, tuple)):
        children = [lists_to_tuples(child) for child in structure]
        return type(structure)(*children) if _is_namedtuple(structure) else tuple(children)
    return structure


def _is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(d is None or isinstance(d, int) for d in value)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `func` to every shape of a structure; a list or tuple of ints and Nones is one shape."""
    if _is_shape(structure):
        return func(structure)
    if is_nested(structure):
        return _rebuild(structure, [map_shape_structure(func, child) for _, child in _children(structure)])
    raise ValueError(f"Expected a shape (a tuple of integers and None), got {structure!r}.")


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Visit every node of `structure`, containers included, and replace those for which `func` is not None.

    Args:
        func: called with each node; None keeps it, `MAP_TO_NONE` puts None there, anything else replaces it.
        structure: what is visited.
        top_down: containers before their children (a replaced container is not entered), else after.

    Returns:
        The structure with the replacements.
    """

    def replacement(value: Any) -> tuple[bool, Any]:
        result = func(value)
        if result is None:
            return False, value
        return True, None if result is MAP_TO_NONE or isinstance(result, MAP_TO_NONE) else result

    if top_down:
        replaced, value = replacement(structure)
        if replaced or not is_nested(value):
            return value
        return _rebuild(value, [traverse(func, child, True) for _, child in _children(value)])
    if is_nested(structure):
        structure = _rebuild(structure, [traverse(func, child, False) for _, child in _children(structure)])
    return replacement(structure)[1]
