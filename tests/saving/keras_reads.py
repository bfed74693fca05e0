"""Writes the models of `layer_cases.py` with axone, or reads them with Keras and compares its predictions.

python keras_reads.py write FOLDER
python keras_reads.py read FOLDER
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from layer_cases import CASES, Case, set_weights
from make_files import texts_as_tensors

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
FORMATS = (".keras", ".h5", ".weights.h5", ".json")


def write(folder: Path) -> None:
    import axone

    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        model = case.make(axone)
        set_weights(model)
        outputs = model.predict(case.inputs, verbose=0)
        np.savez(folder / f"{case.name}.npz", *(outputs if isinstance(outputs, list) else [outputs]))
        model.save(folder / f"{case.name}.keras")
        model.save(folder / f"{case.name}.h5")
        model.save_weights(folder / f"{case.name}.weights.h5")
        (folder / f"{case.name}.json").write_text(model.to_json())


def load(keras: Any, folder: Path, case: Case, ending: str) -> Any:
    path = folder / f"{case.name}{ending}"
    if ending in (".keras", ".h5"):
        return keras.models.load_model(path)
    if ending == ".json":
        model = keras.models.model_from_json(path.read_text())
    else:
        model = case.make(keras)
        model.set_weights([0 * np.asarray(w) for w in model.get_weights()])
    model.load_weights(folder / f"{case.name}.weights.h5")
    return model


def read(folder: Path) -> None:
    import keras

    right = 0
    for case in CASES:
        with np.load(folder / f"{case.name}.npz") as arrays:
            expected = list(arrays.values())
        for ending in FORMATS:
            try:
                model = load(keras, folder, case, ending)
                outputs = model.predict(texts_as_tensors(case.inputs), verbose=0)
                pairs = zip(outputs if isinstance(outputs, list) else [outputs], expected, strict=True)
                for one, other in pairs:
                    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
                right += 1
            except Exception as error:
                text = " ".join(str(error).split())
                print(f"{case.name} {ending}: {type(error).__name__}: {text[:200]}")
    print(f"Keras {keras.__version__}: {right} of {len(FORMATS) * len(CASES)} the same")


if __name__ == "__main__":
    (write if sys.argv[1] == "write" else read)(Path(sys.argv[2]))
