"""The stub of the compiled module says what the module holds, no more and no less."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import axone
from axone import _engine

STUB = ast.parse(Path(axone.__file__).with_name("_engine.pyi").read_text())


def _stub_names(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    names: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names[node.target.id] = node
    return names


def _members(thing: Any) -> set[str]:
    private = {"__init__", "__version__"}
    return {n for n in vars(thing) if not n.startswith("_") or n in private}


def test_module_and_stub_hold_the_same_names() -> None:
    assert set(_stub_names(STUB.body)) == _members(_engine)


def test_classes_hold_the_same_methods() -> None:
    for name, node in _stub_names(STUB.body).items():
        if isinstance(node, ast.ClassDef):
            assert set(_stub_names(node.body)) == _members(getattr(_engine, name)), name


def _signature(doc: str | None) -> list[str]:
    """Parameter names in the signature that pybind11 writes into a docstring."""
    first = (doc or "").splitlines()[0]
    tree = ast.parse(f"def f{first[first.index('(') :].split(' -> ')[0]}: ...", mode="exec")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    return [a.arg for a in function.args.args]


def test_functions_take_the_same_arguments() -> None:
    for name, node in _stub_names(STUB.body).items():
        if isinstance(node, ast.FunctionDef):
            doc = inspect.getdoc(getattr(_engine, name))
            assert [a.arg for a in node.args.args] == _signature(doc), name
