"""Records the results of `keras_cases.py` with Keras: `KERAS_BACKEND=jax python make.py`."""

from __future__ import annotations

import json
from pathlib import Path

import keras
from keras_cases import CASES

if __name__ == "__main__":
    results = {name: run(keras) for name, run in CASES.items()}
    record = {"keras": keras.__version__, "backend": keras.backend.backend(), "results": results}
    Path(__file__).with_name("keras.json").write_text(json.dumps(record, indent=1) + "\n")
    print(f"{len(results)} cases, Keras {keras.__version__}")
