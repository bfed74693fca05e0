"""Each layer class, in each format, written by axone and by three versions of Keras, predicts the same."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_cases import CASES, Case, set_weights

import axone

FILES = Path(__file__).parent / "files"
WRITERS = ("keras2", "keras30", "keras3")
FORMATS = (".keras", ".h5", ".weights.h5", ".json")
OWN_FORMATS = (*FORMATS, ".safetensors")
BY_NAME = {case.name: case for case in CASES}


def _stored() -> Iterator[tuple[str, str, str]]:
    for writer in WRITERS:
        with zipfile.ZipFile(FILES / f"{writer}.zip") as archive:
            names = archive.namelist()
        for name in names:
            case, dot, ending = name.partition(".")
            if ending != "npz":
                yield writer, case, dot + ending
            if ending == "keras":
                yield writer, case, ".weights.h5"


def _outputs(model: Any, case: Case) -> list[np.ndarray]:
    found = model.predict(case.inputs, verbose=0)
    return found if isinstance(found, list) else [found]


def _check(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def _read(path: Path, case: Case) -> Any:
    """Read a model; `.json` has its weights beside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if path.name.endswith((".weights.h5", ".safetensors")):
            model = case.make(axone)
            model.load_weights(path)
            return model
        if path.suffix == ".json":
            model = axone.models.model_from_json(path.read_text())
            model.load_weights(path.with_name("model.weights.h5"))
            return model
        return axone.models.load_model(path)


@pytest.mark.parametrize("writer, name, ending", list(_stored()))
def test_written_by_keras(writer: str, name: str, ending: str, tmp_path: Path) -> None:
    path, case = tmp_path / f"model{ending}", BY_NAME[name]
    with zipfile.ZipFile(FILES / f"{writer}.zip") as archive:
        with np.load(io.BytesIO(archive.read(f"{name}.npz"))) as outputs:
            expected = list(outputs.values())
        if ending in (".weights.h5", ".json"):
            with zipfile.ZipFile(io.BytesIO(archive.read(f"{name}.keras"))) as inner:
                path.with_name("model.weights.h5").write_bytes(inner.read("model.weights.h5"))
        if ending != ".weights.h5":
            path.write_bytes(archive.read(f"{name}{ending}"))
    _check(_outputs(_read(path, case), case), expected)


@pytest.mark.parametrize("ending", OWN_FORMATS)
@pytest.mark.parametrize("name", BY_NAME)
def test_written_by_axone(name: str, ending: str, tmp_path: Path) -> None:
    case, path = BY_NAME[name], tmp_path / f"model{ending}"
    model = case.make(axone)
    set_weights(model)
    expected = _outputs(model, case)
    if ending == ".json":
        path.write_text(model.to_json())
        model.save_weights(path.with_name("model.weights.h5"))
    else:
        model.save(path) if ending in (".keras", ".h5") else model.save_weights(path)
    _check(_outputs(_read(path, case), case), expected)


def table() -> list[str]:
    """The table of `docs/files.md`: a sign for each format that a writer has a file of."""
    stored = set(_stored())
    columns = ("axone", *WRITERS)
    lines = ["| Layer or model | axone | Keras 2.15 | Keras 3.0 | Keras 3.15 |", "|---|---|---|---|---|"]
    for name in BY_NAME:
        cells = []
        for writer in columns:
            formats = OWN_FORMATS if writer == "axone" else FORMATS
            found = [e for e in formats if writer == "axone" or (writer, name, e) in stored]
            left = [f"`{e}`" for e in formats if e not in found]
            cells.append("-" if not found else "all but " + " ".join(left) if left else "all")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def test_the_guide_holds_this_table() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "files.md").read_text()
    assert "\n".join(table()) in guide
