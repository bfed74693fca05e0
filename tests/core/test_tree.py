"""Nested structures behave as Keras's do."""

from collections import OrderedDict, namedtuple

import pytest

from axone import tree

Point = namedtuple("Point", "x y")


def test_flatten_visits_dicts_by_sorted_key_and_keeps_none() -> None:
    assert tree.flatten({"b": [2, (3, None)], "a": 1}) == [1, 2, 3, None]
    assert tree.flatten(OrderedDict([("b", 2), ("a", 1)])) == [2, 1]
    assert tree.flatten(7) == [7]


def test_map_keeps_containers_and_key_order() -> None:
    mapped = tree.map_structure(lambda v: v * 10, {"b": [2, (3,)], "a": Point(1, 4)})
    assert mapped == {"b": [20, (30,)], "a": Point(10, 40)}
    assert list(mapped) == ["b", "a"] and isinstance(mapped["a"], Point)


def test_map_over_two_structures() -> None:
    assert tree.map_structure(lambda a, b: a + b, [1, {"k": 2}], [10, {"k": 20}]) == [11, {"k": 22}]


@pytest.mark.parametrize(
    "other",
    [[1], [1, 2, 3], (1, 2), {"a": 1, "b": 2}, [1, [2]]],
    ids=["short", "long", "tuple", "dict", "deep"],
)
def test_structures_that_differ_are_refused(other: object) -> None:
    with pytest.raises(ValueError):
        tree.map_structure(lambda a, b: None, [1, 2], other)
    with pytest.raises(ValueError):
        tree.assert_same_structure([1, 2], other)


def test_pack_is_the_inverse_of_flatten() -> None:
    structure = {"b": [2, (3, None)], "a": Point(1, 5)}
    assert tree.pack_sequence_as(structure, tree.flatten(structure)) == structure
    with pytest.raises(ValueError, match="5 leaves"):
        tree.pack_sequence_as(structure, [1, 2])


def test_paths() -> None:
    assert tree.flatten_with_path({"b": [2], "a": 1}) == [(("a",), 1), (("b", 0), 2)]
    tree.assert_same_paths({"a": [1]}, {"a": (2,)})
    with pytest.raises(ValueError, match="paths"):
        tree.assert_same_paths({"a": 1}, {"b": 1})


def test_shapes_are_leaves_of_map_shape_structure() -> None:
    assert tree.map_shape_structure(len, [(None, 3), (2, 4, 5)]) == [2, 3]
    assert tree.map_shape_structure(len, (None, 3)) == 2
    with pytest.raises(ValueError, match="shape"):
        tree.map_shape_structure(len, "no")


def test_map_up_to_lists_and_traverse() -> None:
    assert tree.map_structure_up_to([0, 0], len, [[1, 2], [3]]) == [2, 1]
    assert tree.lists_to_tuples({"a": [1, [2]]}) == {"a": (1, (2,))}
    assert tree.traverse(lambda v: v + 1 if isinstance(v, int) else None, [1, (2,)]) == [2, (3,)]
    assert tree.traverse(lambda v: tree.MAP_TO_NONE if v == 1 else None, [1, 2]) == [None, 2]
    assert tree.traverse(lambda v: tuple(v) if isinstance(v, list) else None, [[1]], top_down=False) == (
        (1,),
    )
    assert tree.is_nested({}) and not tree.is_nested("ab")
