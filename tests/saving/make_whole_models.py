"""Trains the models of `whole_models.py`, saves them, trains on; or goes on from what another saved.

python make_whole_models.py keras write FOLDER [model ...]
python make_whole_models.py axone read FOLDER
python make_whole_models.py keras pack FOLDER files/whole_models.zip
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
from whole_models import MODELS, make_model, train


def write(package: str, folder: Path, names: list[str]) -> None:
    keras = importlib.import_module(package)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        try:
            model, x, y = make_model(keras, name)
        except AttributeError as error:
            print(f"{name}: not made ({error})")
            continue
        train(model, x, y, 2)
        model.save_weights(folder / f"{name}.weights.h5")
        if name != "subclassed":
            model.save(folder / f"{name}.keras")
            model.save(folder / f"{name}.h5")
        outputs = model.predict(x, verbose=0)
        np.savez(folder / f"{name}.npz", *(outputs if isinstance(outputs, list) else [outputs]))
        (folder / f"{name}.json").write_text(json.dumps(train(model, x, y, 3)))


def read(package: str, folder: Path) -> None:
    keras = importlib.import_module(package)
    for path in sorted(folder.glob("*.json")):
        name = path.stem
        for ending in (".keras", ".h5", ".weights.h5"):
            if not (folder / f"{name}{ending}").exists():
                continue
            try:
                apart, changes = check(keras, folder, name, ending)
                print(f"{name} {ending} predictions {apart:.1e}, losses {changes:.1e}")
            except Exception as error:
                print(name, ending, "FAILED", type(error).__name__, str(error)[:300])


def pack(folder: Path, target: str) -> None:
    """Put the files of the small models into an archive, for the tests."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.iterdir()):
            name = path.name.partition(".")[0]
            if MODELS[name][3] and (not path.name.endswith(".weights.h5") or name == "subclassed"):
                archive.write(path, path.name)


def check(keras: object, folder: Path, name: str, ending: str) -> tuple[float, float]:
    """Return how far predictions and losses are from those of the package that wrote the file."""
    model, x, y = make_model(keras, name)
    if ending == ".weights.h5":
        model.set_weights([0 * w for w in model.get_weights()])
        model.optimizer.build(model.trainable_weights)
        model.load_weights(folder / f"{name}{ending}")
    else:
        model = keras.models.load_model(folder / f"{name}{ending}")  # type: ignore[attr-defined]
    outputs = model.predict(x, verbose=0)
    with np.load(folder / f"{name}.npz") as stored:
        pairs = zip(outputs if isinstance(outputs, list) else [outputs], stored.values(), strict=True)
        apart = max(float(np.abs(one - other).max()) for one, other in pairs)
    expected = json.loads((folder / f"{name}.json").read_text())
    losses = train(model, x, y, 3)
    changes = [abs(a - b) / max(1, abs(b)) for a, b in zip(losses, expected, strict=True)]
    return apart, max(changes)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    package, what, place, *chosen = sys.argv[1:]
    if what == "pack":
        pack(Path(place), chosen[0])
    elif what == "write":
        write(package, Path(place), chosen or list(MODELS))
    else:
        read(package, Path(place))
