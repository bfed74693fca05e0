"""Writes the models of `layer_cases.py` with Keras into an archive, with what they predict.

python make_files.py files/keras3.zip
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zipfile
from typing import Any

import numpy as np
from layer_cases import CASES, set_weights

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if __name__ == "__main__":
    import keras


def texts_as_tensors(arrays: Any) -> Any:
    """Texts as TensorFlow's tensors, which is the only form in which Keras 3 takes them."""
    if isinstance(arrays, list):
        return [texts_as_tensors(array) for array in arrays]
    if arrays.dtype != object:
        return arrays
    import tensorflow

    return tensorflow.constant(arrays)


def main(target: str) -> None:
    old = keras.__version__.startswith("2.")
    only = set(sys.argv[2:])
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for case in CASES:
            if (old and not case.keras_2) or (only and case.name not in only):
                continue
            keras.backend.clear_session()
            try:
                model = case.make(keras)
                set_weights(model)
                expected = model.predict(texts_as_tensors(case.inputs), verbose=0)
                if not isinstance(expected, list) and expected.shape[1:] != tuple(model.output_shape[1:]):
                    raise ValueError(f"this version's output shape is wrong: {expected.shape}")
            except Exception as error:
                print(f"{case.name}: not made: {type(error).__name__} {str(error)[:200]}")
                continue
            outputs = io.BytesIO()
            np.savez(outputs, *(expected if isinstance(expected, (list, tuple)) else [expected]))
            archive.writestr(f"{case.name}.npz", outputs.getvalue())
            archive.writestr(f"{case.name}.json", model.to_json())
            with tempfile.TemporaryDirectory() as folder:
                for ending in (".keras", ".h5"):
                    path = os.path.join(folder, f"model{ending}")
                    try:
                        model.save(path)
                    except Exception as error:
                        print(f"{case.name}{ending}: not written: {str(error)[:200]}")
                        continue
                    archive.write(path, f"{case.name}{ending}")
    print(f"Keras {keras.__version__}: {target}, {os.path.getsize(target)} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
