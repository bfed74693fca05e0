"""Records the results of the cases with Keras: `KERAS_BACKEND=jax python make.py [AREA ...]`.

Writes `keras_<area>.json` for each `cases_<area>.py`, or only for the areas named.
"""

from __future__ import annotations

import json
import sys

import keras
from recording import HERE, areas

if __name__ == "__main__":
    for area, cases in areas().items():
        if sys.argv[1:] and area not in sys.argv[1:]:
            continue
        results = {name: run(keras) for name, run in cases.items()}
        record = {"keras": keras.__version__, "backend": keras.backend.backend(), "results": results}
        (HERE / f"keras_{area}.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
        print(f"{area}: {len(results)} cases, Keras {keras.__version__}")
