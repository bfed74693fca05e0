"""Checkpoints: what is saved when, killed processes, full disks."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import axone
from axone import callbacks, layers
from axone.utils.atomic import atomic_file

# Processes that are killed for each format; more than a few belong to a run by hand.
KILLS = int(os.environ.get("AXONE_TEST_KILLS", "3"))


def small_model(units: int = 3) -> Any:
    model = axone.Sequential([axone.Input((4,)), layers.Dense(units, activation="tanh"), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def data(rows: int = 64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 4)).astype("float32"), rng.normal(size=(rows, 1)).astype("float32")


# -- ModelCheckpoint -----------------------------------------------------------------------------------------


def test_every_epoch_with_fields(tmp_path: Path) -> None:
    x, y = data()
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "sub" / "{epoch:02d}-{val_loss:.3f}.keras")
    history = small_model().fit(x, y, validation_split=0.25, epochs=3, verbose=0, callbacks=[checkpoint])
    names = [f"{i + 1:02d}-{v:.3f}.keras" for i, v in enumerate(history.history["val_loss"])]
    assert sorted(p.name for p in (tmp_path / "sub").iterdir()) == sorted(names)


@pytest.mark.parametrize("ending", [".weights.h5", ".safetensors"])
def test_weights_only(tmp_path: Path, ending: str) -> None:
    x, y = data()
    model = small_model()
    path = tmp_path / f"last{ending}"
    model.fit(x, y, verbose=0, callbacks=[callbacks.ModelCheckpoint(path, save_weights_only=True)])
    other = small_model()
    other.load_weights(path)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_best_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, path = small_model(), tmp_path / "best.keras"
    checkpoint = callbacks.ModelCheckpoint(path, save_best_only=True, verbose=1, initial_value_threshold=0.5)
    checkpoint.set_model(model)
    for epoch, value in enumerate([0.6, 0.4, float("nan"), 0.45, 0.3]):
        before = path.stat().st_mtime_ns if path.exists() else None
        checkpoint.on_epoch_end(epoch, {"val_loss": value})
        after = path.stat().st_mtime_ns if path.exists() else None
        assert (before != after) == (value in (0.4, 0.3))
    text = capsys.readouterr().out
    assert "improved from 0.50000 to 0.40000" in text and "did not improve from 0.40000" in text
    assert checkpoint.best == 0.3


def test_larger_is_better(tmp_path: Path) -> None:
    checkpoint = callbacks.ModelCheckpoint(
        tmp_path / "best.keras", monitor="val_score", mode="max", save_best_only=True
    )
    checkpoint.set_model(small_model())
    for value in (0.5, 0.4, 0.7):
        checkpoint.on_epoch_end(0, {"val_score": value})
    assert checkpoint.best == 0.7
    with pytest.warns(UserWarning, match="'val_score' is not there"):
        checkpoint.on_epoch_end(0, {"loss": 1.0})


def test_every_so_many_batches(tmp_path: Path) -> None:
    x, y = data(64)
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.keras", save_freq=3)
    small_model().fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=[checkpoint])
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["1-3", "1-6", "2-1", "2-4", "2-7"]


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.weights\.h5"):
        callbacks.ModelCheckpoint("a.keras", save_weights_only=True)
    with pytest.raises(ValueError, match=r"must end in \.keras"):
        callbacks.ModelCheckpoint("a.txt")
    with pytest.raises(ValueError, match="save_freq"):
        callbacks.ModelCheckpoint("a.keras", save_freq="batch")
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{val_acc}.keras")
    checkpoint.set_model(small_model())
    with pytest.raises(KeyError, match="val_acc"):
        checkpoint.on_epoch_end(0, {"loss": 1.0})
    (tmp_path / "folder.keras").mkdir()
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "folder.keras")
    checkpoint.set_model(small_model())
    with pytest.raises(OSError, match="is a folder"):
        checkpoint.on_epoch_end(0, {"loss": 1.0})


# -- BackupAndRestore ----------------------------------------------------------------------------------------


class Stop(Exception):
    pass


class Failing(callbacks.Callback):
    """Ends training as a crash would, after so many steps or epochs."""

    def __init__(self, step: int | None = None, epoch: int | None = None) -> None:
        super().__init__()
        self.epoch = epoch
        self.params = {"left": step}  # told anew by every fit: no memory
        self.accepts_many_steps = step is None

    def set_params(self, params: Any) -> None:
        pass

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        assert self.params is not None
        if self.params["left"] is not None:
            self.params["left"] -= 1
            if self.params["left"] < 0:
                raise Stop

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.epoch:
            raise Stop


def random_model() -> Any:
    """A model that draws in every step, with a state in every layer."""
    network = [
        *(layers.Dense(6, activation="relu"), layers.Dropout(0.3), layers.BatchNormalization()),
        *(layers.GaussianNoise(0.1), layers.Dense(1)),
    ]
    model = axone.Sequential(network)
    schedule = axone.optimizers.schedules.ExponentialDecay(0.05, 3, 0.9)
    model.compile(axone.optimizers.Adam(schedule, use_ema=True, amsgrad=True), "mse", metrics=["mae"])
    return model


def train(folder: Path | None, seed: int, save_freq: Any, failing: Failing | None, **kwargs: Any) -> Any:
    axone.utils.set_random_seed(seed)
    x, y = data(50)
    used: list[Any] = [callbacks.EarlyStopping(monitor="loss", patience=50, restore_best_weights=True)]
    if folder is not None:
        used.insert(0, callbacks.BackupAndRestore(folder, save_freq=save_freq))
    used.append(failing or Failing())
    model = random_model()
    history = model.fit(
        x, y, batch_size=8, epochs=5, verbose=0, validation_split=0.2, callbacks=used, **kwargs
    )
    return (
        [w.tobytes() for w in model.get_weights()],
        [v.numpy().tobytes() for v in model.optimizer.variables],
        history.history,
        history.epoch,
    )


@pytest.mark.parametrize(
    "save_freq, failing", [("epoch", {"epoch": 3}), (1, {"step": 12}), (4, {"step": 18})]
)
@pytest.mark.parametrize("kwargs", [{}, {"shuffle": "batch"}, {"steps_per_epoch": 3}], ids=str)
def test_goes_on_to_the_same_bits(tmp_path: Path, save_freq: Any, failing: Any, kwargs: Any) -> None:
    if kwargs.get("steps_per_epoch") and "step" in failing:
        failing = {"step": 8}
    expected = train(None, 1, save_freq, None, **kwargs)
    with pytest.raises(Stop):
        train(tmp_path / "b", 1, save_freq, Failing(**failing), **kwargs)
    assert (tmp_path / "b" / "latest.weights.h5").exists()
    assert train(tmp_path / "b", 999, save_freq, None, **kwargs) == expected
    assert not (tmp_path / "b").exists()


class Batches(axone.utils.PyDataset):
    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        x, y = data(40)
        return x[index * 8 : index * 8 + 8], y[index * 8 : index * 8 + 8]


def test_data_sets_go_on(tmp_path: Path) -> None:
    def run(seed: int, folder: Path | None, failing: Failing) -> Any:
        axone.utils.set_random_seed(seed)
        model = small_model()
        used = [failing] if folder is None else [failing, callbacks.BackupAndRestore(folder, save_freq=1)]
        model.fit(Batches(), epochs=3, verbose=0, callbacks=used)
        return [w.tobytes() for w in model.get_weights()]

    expected = run(1, None, Failing())
    with pytest.raises(Stop):
        run(1, tmp_path / "b", Failing(step=7))
    assert run(5, tmp_path / "b", Failing()) == expected


def test_backup_of_other_callbacks(tmp_path: Path) -> None:
    with pytest.raises(Stop):
        train(tmp_path, 1, "epoch", Failing(epoch=2))
    x, y = data(50)
    backup = callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(ValueError, match=r"had the callbacks \['EarlyStopping'"):
        random_model().fit(x, y, epochs=2, verbose=0, callbacks=[backup])
    (tmp_path / "latest.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    with pytest.raises(ValueError, match=r"latest\.weights\.h5"):
        random_model().fit(x, y, epochs=2, verbose=0, callbacks=[backup])


def test_two_files(tmp_path: Path) -> None:
    x, y = data()
    backup = callbacks.BackupAndRestore(tmp_path, double_checkpoint=True, delete_checkpoint=False)
    small_model().fit(x, y, epochs=2, verbose=0, callbacks=[backup])
    assert {p.name for p in tmp_path.iterdir()} == {"latest.weights.h5", "previous.weights.h5"}


KILLED = """
import sys, axone, numpy as np
from axone import layers, callbacks
axone.utils.set_random_seed(int(sys.argv[2]))
x = np.random.default_rng(0).normal(size=(400, 10)).astype("float32")
model = axone.Sequential([layers.Dense(8, activation="relu"), layers.Dropout(0.3), layers.Dense(1)])
model.compile("adam", "mse")
used = [] if sys.argv[1] == "-" else [callbacks.BackupAndRestore(sys.argv[1], save_freq=5)]
model.fit(x, x[:, :1], epochs=int(sys.argv[3]), batch_size=8, verbose=0, callbacks=used)
print(b"".join(w.tobytes() for w in model.get_weights()).hex())
"""


def test_killed_at_random_moments(tmp_path: Path) -> None:
    def start(folder: str, seed: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", KILLED, folder, str(seed), str(9 + KILLS)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    expected = start("-", 3).communicate()[0]
    rng, kills = random.Random(0), 0
    backup = tmp_path / "b" / "latest.weights.h5"
    while True:
        process = start(str(tmp_path / "b"), 3 if kills == 0 else 100 + kills)
        if kills < KILLS:
            before = backup.stat().st_mtime_ns if backup.exists() else 0
            while process.poll() is None and (backup.stat().st_mtime_ns if backup.exists() else 0) == before:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
            kills += 1
        found = process.communicate()[0]
        if process.returncode == 0:
            break
    assert kills == KILLS and found == expected


# -- whole files ---------------------------------------------------------------------------------------------

WRITER = """
import sys, itertools, axone
from axone import layers
model = axone.Sequential([axone.Input((64,)), layers.Dense(500), layers.Dense(500)])
print("ready", flush=True)
for i in itertools.count():
    model.set_weights([w * 0 + i for w in model.get_weights()])
    weights = sys.argv[1].endswith((".weights.h5", ".safetensors"))
    model.save_weights(sys.argv[1]) if weights else model.save(sys.argv[1])
"""


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5", "model.safetensors"])
def test_files_are_whole_whenever_the_writer_dies(tmp_path: Path, name: str) -> None:
    path, rng = tmp_path / name, random.Random(0)
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        while not path.exists():
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        model = axone.Sequential([axone.Input((64,)), layers.Dense(500), layers.Dense(500)])
        model.load_weights(path)
        values = {float(v) for w in model.get_weights() for v in np.unique(w)}
        assert len(values) == 1
    model.save_weights(path) if name.endswith((".weights.h5", ".safetensors")) else model.save(path)
    assert [p.name for p in tmp_path.iterdir()] == [name]  # what the killed ones left is gone


FULL = """
import resource, signal, sys, numpy as np, axone
from axone import layers
model = axone.Sequential([axone.Input((64,)), layers.Dense(500)])
model.set_weights([w * 0 + 1 for w in model.get_weights()])
path = sys.argv[1]
save = model.save_weights if "weights" in path or path.endswith(".safetensors") else model.save
save(path)
model.set_weights([w * 0 + 2 for w in model.get_weights()])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    save(path)
except OSError as error:
    print("OSError", error.errno)
"""


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5", "model.safetensors"])
def test_full_disk(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("OSError")
    model = axone.Sequential([axone.Input((64,)), layers.Dense(500)])
    model.load_weights(path)
    assert np.all(model.get_weights()[0] == 1)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_atomic_files(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.bin"
    with atomic_file(path) as file:
        file.write(b"old")
        assert not path.exists()
    os.chmod(path, 0o640)
    with pytest.raises(KeyError), atomic_file(path) as file:
        file.write(b"new")
        raise KeyError
    assert path.read_bytes() == b"old" and len(list(path.parent.iterdir())) == 1
    link = tmp_path / "link"
    link.symlink_to(path)
    with atomic_file(link) as file:
        file.write(b"new")
    assert link.is_symlink() and path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(IsADirectoryError), atomic_file(tmp_path) as file:
        pass
    with atomic_file(os.devnull) as file:
        file.write(b"gone")


def test_existing_files_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, model = tmp_path / "m.keras", small_model()
    model.save(path)
    before = hashlib.sha256(path.read_bytes()).digest()
    monkeypatch.setattr("builtins.input", lambda text: "n")
    model.save(path, overwrite=False)
    assert hashlib.sha256(path.read_bytes()).digest() == before

    def nobody(text: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save(path, overwrite=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.save(path)
