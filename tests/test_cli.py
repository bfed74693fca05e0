"""The command line: demo, run, info, --version, and the import hook behind `axone run`."""

from __future__ import annotations

import importlib.util
import os
import re
import struct
import textwrap
from pathlib import Path

import numpy as np
import pytest

import axone
from axone.cli import aliases, main
from axone.cli.picture import choose

HOME_WITHOUT_DATA = {"AXONE_DATA": None, "HOME": "/nonexistent"}


def run_script(python, tmp_path: Path, source: str, *arguments: str):
    script = tmp_path / "scripts" / "script.py"
    script.parent.mkdir(exist_ok=True)
    script.write_text(textwrap.dedent(source))
    return python("-m", "axone", "run", str(script), *arguments)


def test_version(python) -> None:
    done = python("-m", "axone", "--version")
    assert done.returncode == 0 and done.stdout.strip() == f"axone {axone.__version__}"


def test_no_command_prints_usage(python) -> None:
    done = python("-m", "axone")
    assert done.returncode == 2 and "usage: axone" in done.stderr


def test_info(python) -> None:
    done = python("-m", "axone", "info", AXONE_NUM_THREADS="3")
    assert done.returncode == 0
    assert axone.__version__ in done.stdout and re.search(r"threads\W+3\b", done.stdout)


def test_console_script(python) -> None:
    from importlib.metadata import entry_points

    (entry,) = [e for e in entry_points(group="console_scripts") if e.name == "axone"]
    assert entry.load() is main


def test_demo_on_the_sample(python, tmp_path: Path) -> None:
    picture = tmp_path / "pictures" / "demo.png"
    done = python(
        *(
            "-m",
            "axone",
            "demo",
            "--epochs",
            "3",
            "--batch-size",
            "64",
            "--seed",
            "1",
            "--output",
            str(picture),
        ),
        **HOME_WITHOUT_DATA,
    )
    assert done.returncode == 0, done.stderr
    assert "MNIST sample, 6000 + 1000 images" in done.stdout
    accuracy = float(re.search(r"test accuracy (\d\.\d+)", done.stdout)[1])
    assert accuracy > 0.85
    if importlib.util.find_spec("matplotlib"):
        assert str(picture) in done.stdout
        header = picture.read_bytes()[:24]
        assert header[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", header[16:]) == (1200, 800)
    else:
        assert "matplotlib is not installed" in done.stdout


def test_demo_same_seed_same_accuracy_and_no_picture(python, tmp_path: Path) -> None:
    lines = []
    for threads in ("1", "2"):
        done = python(
            *("-m", "axone", "demo", "--epochs", "1", "--no-plot"),
            AXONE_NUM_THREADS=threads,
            **HOME_WITHOUT_DATA,
        )
        assert done.returncode == 0, done.stderr
        lines.append(re.search(r"test accuracy.*", done.stdout)[0])
    assert lines[0] == lines[1]
    assert not list(tmp_path.glob("*.png"))


def test_demo_takes_the_full_set_where_it_is(python) -> None:
    data = os.environ.get("AXONE_DATA")
    if not data or not (Path(data) / "mnist").is_dir():
        pytest.skip("AXONE_DATA names no folder with the full set")
    done = python("-m", "axone", "demo", "--epochs", "1", "--no-plot")
    assert done.returncode == 0, done.stderr
    assert f"full MNIST, 60000 + 10000 images, from {Path(data) / 'mnist'}" in done.stdout
    assert float(re.search(r"test accuracy (\d\.\d+)", done.stdout)[1]) > 0.93


def test_demo_says_what_is_wrong(python, tmp_path: Path) -> None:
    done = python("-m", "axone", "demo", AXONE_DATA="/no/such/folder")
    assert done.returncode == 1 and "axone demo: AXONE_DATA" in done.stderr
    done = python("-m", "axone", "demo", "--epochs", "0")
    assert done.returncode == 2 and "at least 1" in done.stderr


def test_picture_shows_right_and_wrong() -> None:
    labels = np.arange(100) % 10
    predicted = labels.copy()
    predicted[50:80] = 0
    shown = choose(labels, predicted, count=40, wrong=10)
    assert len(shown) == 40 and np.all(np.diff(shown) > 0)
    assert np.count_nonzero(labels[shown] != predicted[shown]) == 10
    assert len(choose(labels[:5], predicted[:5], count=40, wrong=10)) == 5


def test_run_every_spelling_is_the_same_object(python, tmp_path: Path) -> None:
    done = run_script(
        python,
        tmp_path,
        """
        import keras
        import axone
        import keras.layers
        import keras.datasets.mnist as digits
        import tensorflow as tf
        import tensorflow.keras as tfk
        import tensorflow.keras.layers as tf_layers
        from keras import layers, Sequential
        from keras.layers import Dense
        from keras.models import Sequential as S
        from tensorflow import keras as k2
        from tensorflow.keras.layers import Dense as D2
        from tensorflow.keras.utils import to_categorical

        assert keras is axone is tf.keras is tfk is k2
        assert Dense is D2 is axone.layers.Dense is tf.keras.layers.Dense is layers.Dense
        assert keras.layers is axone.layers is tf_layers
        assert Sequential is S is axone.Sequential is axone.models.Sequential
        assert digits is axone.datasets.mnist
        assert axone.layers.__spec__.name == "axone.layers" and axone.layers.__name__ == "axone.layers"
        assert tf.GradientTape is axone.GradientTape and tf.Variable is axone.Variable
        tf.random.set_seed(3)
        assert keras.__version__ == axone.__version__ == tf.__version__
        assert to_categorical([1], 2).tolist() == [[0.0, 1.0]]
        print("ok")
        """,
    )
    assert done.returncode == 0 and done.stdout == "ok\n", done.stderr
    assert not done.stderr, done.stderr


def test_run_trains_a_keras_script(python, tmp_path: Path) -> None:
    done = run_script(
        python,
        tmp_path,
        """
        import numpy as np
        from keras.models import Sequential
        from keras.layers import Dense
        from keras.utils import set_random_seed

        set_random_seed(0)
        x = np.random.default_rng(0).normal(size=(256, 3)).astype("float32")
        y = x @ np.array([[1.0], [-2.0], [0.5]], "float32")
        model = Sequential([Dense(1, input_shape=(3,))])
        model.compile(optimizer="sgd", loss="mse")
        model.fit(x, y, epochs=60, verbose=0)
        assert model.evaluate(x, y, verbose=0) < 1e-3
        print("trained")
        """,
    )
    assert done.returncode == 0 and done.stdout == "trained\n", done.stderr


def test_run_is_like_python(python, tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "helper.py").write_text("from keras.layers import Dense\nname = Dense.__name__\n")
    done = run_script(
        python,
        tmp_path,
        """
        import os, sys
        import helper
        assert __name__ == "__main__" and sys.modules["__main__"].helper is helper
        print(sys.argv[1:], os.path.basename(sys.argv[0]), os.path.basename(__file__), helper.name)
        print(sys.path[0] == os.path.dirname(os.path.abspath(__file__)))
        sys.exit(7)
        """,
        *("--epochs", "3", "-v", "--", "x y"),
    )
    assert done.returncode == 7, done.stderr
    assert done.stdout.splitlines() == [
        "['--epochs', '3', '-v', '--', 'x y'] script.py script.py Dense",
        "True",
    ]


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        ("import keras.no_such_room", "ModuleNotFoundError", "axone has no module 'axone.no_such_room'"),
        (
            "import tensorflow.keras.no_such_room",
            "ModuleNotFoundError",
            "axone has no module 'axone.no_such_room'",
        ),
        ("from keras import NoSuchThing", "ImportError", "axone"),
        ("from keras.layers import NoSuchLayer", "ImportError", "axone"),
        ("import keras; keras.layers.NoSuchLayer", "AttributeError", "axone"),
        ("import tensorflow as tf; tf.data", "AttributeError", "axone has no tensorflow.data"),
        ("import tensorflow.compat.v1", "ModuleNotFoundError", "axone has no 'tensorflow.compat'"),
        (
            "import tensorflow as tf; tf.random.normal",
            "AttributeError",
            "axone has no tensorflow.random.normal",
        ),
    ],
)
def test_run_missing_names_are_clear_errors(
    python, tmp_path: Path, line: str, error: str, words: str
) -> None:
    done = run_script(python, tmp_path, line)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(error) and words in last, done.stderr


def test_run_errors_inside_axone_are_not_hidden(monkeypatch, tmp_path: Path) -> None:
    """A module of axone that exists but fails to import its own needs must not be called missing."""
    (tmp_path / "axone_broken_for_test.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    loader = aliases._AliasLoader("axone_broken_for_test")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'no_such_dependency'$"):
        loader.create_module(importlib.util.spec_from_loader("keras.x", loader))


def test_run_script_that_is_not_there(python) -> None:
    done = python("-m", "axone", "run", "missing.py")
    assert (
        done.returncode == 2
        and done.stderr == "axone run: cannot read missing.py: No such file or directory\n"
    )


def test_run_shows_the_scripts_own_line(python, tmp_path: Path) -> None:
    done = run_script(python, tmp_path, "import keras\n\n1 / 0\n")
    assert done.returncode == 1 and 'script.py", line 3, in <module>' in done.stderr
    done = run_script(python, tmp_path, "def broken(:\n")
    assert done.returncode == 1 and "SyntaxError" in done.stderr


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("keras", "axone"),
        ("keras.layers.core", "axone.layers.core"),
        ("tensorflow.keras", "axone"),
        ("tensorflow.keras.layers", "axone.layers"),
        ("kerastuner", None),
        ("tensorflow", None),
        ("tensorflow.kerasx", None),
        ("numpy", None),
    ],
)
def test_names_that_mean_axone(name: str, wanted: str | None) -> None:
    assert aliases.axone_name(name) == wanted
