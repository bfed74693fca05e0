"""Saving and loading: every format, what does not fit, old configurations, code in files."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from make_whole_models import check
from whole_models import MODELS, make_model, train

import axone
from axone import layers, saving
from axone.saving import loading
from axone.saving.inspection import inspect_file

FILES = Path(__file__).parent / "files"
ENDINGS = (".keras", ".h5")
WEIGHTS = (".weights.h5", ".h5", ".safetensors")
X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")


def network(units: int = 3, name: str | None = None) -> Any:
    stack = [axone.Input((4,)), layers.Dense(units, name="first"), layers.BatchNormalization(name="norm")]
    return axone.Sequential([*stack, layers.Dense(2, name="last")], name=name)


def trained() -> Any:
    model = network()
    model.compile(axone.optimizers.Adam(1e-2), "mse", metrics=["mae"])
    model.fit(X, X[:, :2], epochs=1, verbose=0)
    return model


def equal(one: Any, two: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


# -- round trips ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_models_go_on_after_loading(tmp_path: Path, ending: str) -> None:
    model, path = trained(), tmp_path / f"model{ending}"
    model.save(path)
    again = saving.load_model(path)
    assert type(again.optimizer) is type(model.optimizer)
    states = [[v.numpy() for v in m.optimizer.variables] for m in (model, again)]
    assert equal(*states) and equal(model.get_weights(), again.get_weights())
    for _ in range(2):
        runs = [m.fit(X, X[:, :2], verbose=0, shuffle=False).history for m in (model, again)]
        assert runs[0] == runs[1]
    bare = saving.load_model(path, compile=False)
    assert not bare.compiled and equal(
        bare.predict(X, verbose=0), saving.load_model(path).predict(X, verbose=0)
    )


def cases_of(*endings: str) -> list[tuple[str, str]]:
    """Models with endings: the subclassed one's class stands within a function, so it has weights only."""
    names = [n for n, m in MODELS.items() if m[3]]
    return [(n, e) for n in names for e in endings if n != "subclassed" or e not in ENDINGS]


@pytest.mark.parametrize(("name", "ending"), cases_of(*ENDINGS, ".weights.h5", ".safetensors"))
def test_whole_models(tmp_path: Path, name: str, ending: str) -> None:
    model, x, y = make_model(axone, name)
    train(model, x, y, 1)
    path = tmp_path / f"model{ending}"
    if ending in ENDINGS:
        model.save(path)
        again = saving.load_model(path)
    else:
        model.save_weights(path)
        again, _, _ = make_model(axone, name)
        again.optimizer.build(again.trainable_weights)
        again.load_weights(path)
    assert equal(model.get_weights(), again.get_weights())
    if ending != ".safetensors":
        assert train(model, x, y, 2) == train(again, x, y, 2)


@pytest.mark.parametrize(("name", "ending"), [*cases_of(*ENDINGS), ("subclassed", ".weights.h5")])
def test_training_that_keras_began(tmp_path: Path, name: str, ending: str) -> None:
    """Models, weights and the optimizer's state from Keras 3.15: the loss goes on as it does there."""
    with zipfile.ZipFile(FILES / "whole_models.zip") as archive:
        for kind in (ending, ".npz", ".json"):
            archive.extract(f"{name}{kind}", tmp_path)
    apart, changes = check(axone, tmp_path, name, ending)
    assert apart < 1e-5 and changes < 1e-5  # losses: 1e-4 are asked for


@pytest.mark.parametrize("ending", WEIGHTS)
def test_weights(tmp_path: Path, ending: str) -> None:
    model, other, path = trained(), network(), tmp_path / f"w{ending}"
    model.save_weights(path)
    other.load_weights(str(path))
    assert equal(model.get_weights(), other.get_weights())


@pytest.mark.parametrize("ending", WEIGHTS)
def test_what_does_not_fit(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"w{ending}"
    trained().save_weights(path)
    wider = network(5)
    before = wider.get_weights()
    with pytest.raises(ValueError, match=rf"w{ending}.*shape \(4, 5\), in the file.*\(4, 3\)"):
        wider.load_weights(path)
    with pytest.warns(UserWarning, match="keep"):
        wider.load_weights(path, skip_mismatch=True)
    assert equal(before[0], wider.get_weights()[0])
    if (
        ending != ".weights.h5"
    ):  # there, as in Keras, layers are found by place and what is left over is ignored
        with pytest.raises(ValueError):
            axone.Sequential([axone.Input((4,)), layers.Dense(3)]).load_weights(path)
    with pytest.raises(ValueError, match="not built"):
        axone.Sequential([layers.Dense(3)]).load_weights(path)


@pytest.mark.parametrize("ending", (".h5", ".safetensors"))
def test_by_name(tmp_path: Path, ending: str) -> None:
    path, model = tmp_path / f"w{ending}", trained()
    model.save_weights(path)
    other = axone.Sequential(
        [axone.Input((4,)), layers.Dense(3, name="first"), layers.Dense(7), layers.Dense(2, name="other")]
    )
    before = other.get_weights()
    other.load_weights(path, by_name=True)
    assert equal(other.get_weights()[:2], model.get_weights()[:2])
    assert equal(other.get_weights()[2:], before[2:])
    with pytest.raises(ValueError, match=r"by_name=True|skip_mismatch"):
        other.load_weights(path)


def test_by_name_needs_names(tmp_path: Path) -> None:
    trained().save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ValueError, match="skip_mismatch"):
        network().load_weights(tmp_path / "w.weights.h5", by_name=True)


def test_folders(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        archive.extractall(tmp_path / "folder")
    assert equal(saving.load_model(tmp_path / "folder").get_weights(), model.get_weights())


def test_vocabularies(tmp_path: Path) -> None:
    lookup = layers.TextVectorization(max_tokens=10, output_sequence_length=3)
    lookup.adapt(["a b c", "b c", "c"])
    model = axone.Sequential([axone.Input((1,), dtype="string"), lookup])
    texts = np.array([["a c"], ["b x"]])
    model.save(tmp_path / "m.keras")
    again = saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model.predict(texts, verbose=0), again.predict(texts, verbose=0))


def test_custom_layers(tmp_path: Path) -> None:
    class Scale(layers.Layer):
        def build(self, shape: Any) -> None:
            self.factor = self.add_weight((shape[-1],), "ones", name="factor")

        def call(self, x: Any) -> Any:
            return x * self.factor

    model = axone.Sequential([axone.Input((4,)), Scale()])
    model.set_weights([np.arange(4.0)])
    for ending in ENDINGS:
        model.save(tmp_path / f"m{ending}")
        with pytest.raises(ValueError, match=r"m\..*Unknown class 'Scale'"):
            saving.load_model(tmp_path / f"m{ending}")
        again = saving.load_model(tmp_path / f"m{ending}", custom_objects={"Scale": Scale})
        assert equal(again.get_weights(), model.get_weights())


def test_transfer(tmp_path: Path) -> None:
    trained().save(tmp_path / "m.h5")
    base = saving.load_model(tmp_path / "m.h5")
    model = axone.Sequential([*base.layers[:-1], layers.Dense(1)])
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.build((None, 4))
    assert len(model.trainable_weights) == 2 and equal(base.get_weights()[:2], model.get_weights()[:2])
    model.save(tmp_path / "frozen.h5")
    model.save(tmp_path / "frozen.keras")
    for ending in ENDINGS:
        again = saving.load_model(tmp_path / f"frozen{ending}")
        assert [layer.trainable for layer in again.layers] == [False, False, True]
        assert equal(again.get_weights(), model.get_weights())


# -- wrong calls and files -----------------------------------------------------------------------------------


def test_wrong_calls(tmp_path: Path) -> None:
    model = trained()
    for call, message in (
        (lambda: model.save(tmp_path / "m.txt"), r"must end in \.keras"),
        (lambda: model.save(tmp_path / "m.keras", nothing=1), "unknown argument"),
        (lambda: model.save_weights(tmp_path / "m.keras"), r"must end in \.weights\.h5"),
        (lambda: axone.Sequential([layers.Dense(1)]).save_weights(tmp_path / "a.weights.h5"), "not built"),
        (lambda: model.load_weights(tmp_path / "m.weights.h5", nothing=1), "unknown argument"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(FileNotFoundError, match=r"none\.keras"):
        saving.load_model(tmp_path / "none.keras")
    for name, data, message in (
        ("empty.keras", b"", "no .keras file"),
        ("text.h5", b"hello, world", "no HDF5 file"),
        ("text.keras", b"PK\x03\x04 nothing", "no zip archive"),
        ("a.bin", b"\0" * 100, "format is not known"),
        ("a.json", b'{"class_name": "Sequential"}', "alone"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=message) as error:
            saving.load_model(tmp_path / name)
        assert name in str(error.value)
    model.save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="weights alone"):
        saving.load_model(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="no model is saved there"):
        saving.load_model(tmp_path)


def test_damaged_files(tmp_path: Path) -> None:
    model = trained()
    for ending in ENDINGS:
        path = tmp_path / f"m{ending}"
        model.save(path)
        data = path.read_bytes()
        for length in range(1, len(data) - 100, len(data) // 15):
            path.write_bytes(data[:length])
            with pytest.raises(ValueError, match=rf"m{ending}"):
                saving.load_model(path)


def repack(path: Path, change: Any, **members: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(contents["config.json"])
    change(config)
    contents["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**contents, **members}.items():
            archive.writestr(name, data)


def test_code_is_refused(tmp_path: Path) -> None:
    model = axone.Sequential([axone.Input((4,)), layers.Lambda(lambda x: x * 2.0)])
    for ending in ENDINGS:
        path = tmp_path / f"m{ending}"
        model.save(path)
        with pytest.raises(ValueError, match=r"safe_mode=False"):
            saving.load_model(path)
        again = saving.load_model(path, safe_mode=False)
        np.testing.assert_array_equal(again.predict(X, verbose=0), 2 * X)


def test_hostile_archives(tmp_path: Path) -> None:
    path, model = tmp_path / "m.keras", trained()
    model.save(path)
    repack(path, lambda config: None, **{"assets/../../evil.txt": b"x"})
    with pytest.raises(ValueError, match="leaves the archive"):
        saving.load_model(path)
    assert not (tmp_path.parent / "evil.txt").exists()

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (200 << 20))
    with pytest.raises(ValueError, match="claims to grow"):
        saving.load_model(path)

    for units in (10**12, 10**7):
        model.save(path)
        repack(path, lambda c, u=units: c["config"]["layers"][1]["config"].update(units=u))
        with pytest.raises(ValueError, match=r"m\.keras"):
            saving.load_model(path)

    model.save(path)
    repack(path, lambda config: config.update(config="HERE"))
    with zipfile.ZipFile(path) as archive:
        weights, config = archive.read("model.weights.h5"), archive.read("config.json").decode()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", weights)
        archive.writestr("config.json", config.replace('"HERE"', '{"a":' * 600 + "1" + "}" * 600))
    with pytest.raises(ValueError, match="nested too deeply"):
        saving.load_model(path)


def test_vocabulary_files_are_not_read_from_configurations(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a\nb\n")
    path = tmp_path / "m.keras"
    lookup = layers.StringLookup(vocabulary=["x", "y"])
    axone.Sequential([axone.Input((1,), dtype="string"), lookup]).save(path)

    def change(config: Any) -> None:
        config["config"]["layers"][1]["config"]["vocabulary"] = str(tmp_path / "secret.txt")

    repack(path, change)
    with pytest.raises(ValueError, match=r"m\.keras.*secret\.txt"):
        saving.load_model(path)


def test_memory_of_reading(tmp_path: Path) -> None:
    model = axone.Sequential([axone.Input((4000,)), layers.Dense(4000), layers.Dense(4000)])
    paths = [tmp_path / "m.keras", tmp_path / "m.h5"]
    for path in paths:
        model.save(path)
    source = """
import resource, sys, axone
model = axone.Sequential([axone.Input((4,)), axone.layers.Dense(3)])
model.save(sys.argv[2]); axone.models.load_model(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model = axone.models.load_model(sys.argv[1])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
model.save(sys.argv[1])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""
    weights = 4 * 2 * 4000 * 4001
    for path in paths:
        command = [sys.executable, "-c", source, str(path), str(tmp_path / f"s{path.suffix}")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        for peak in map(int, done.stdout.split()):
            assert peak < 1.2 * weights


# -- looking into files --------------------------------------------------------------------------------------


def test_inspection(tmp_path: Path) -> None:
    model = trained()
    count = model.count_params()
    for name in ("m.keras", "m.h5", "m.weights.h5", "m.safetensors"):
        path = tmp_path / name
        model.save(path) if name in ("m.keras", "m.h5") else model.save_weights(path)
        report = inspect_file(path)
        assert report.parameters == count, name
        if name in ("m.keras", "m.h5"):
            assert [kind for _, _, kind, _ in report.layers][1:] == ["Dense", "BatchNormalization", "Dense"]
            assert report.training["optimizer"].startswith("Adam (learning rate 0.01")
            assert len(report.state) == len(model.optimizer.variables)
    (tmp_path / "m.json").write_text(model.to_json())
    assert len(inspect_file(tmp_path / "m.json").layers) == 4


def test_kinds(tmp_path: Path) -> None:
    shutil.copy(FILES / "keras2.zip", tmp_path / "a.zip")
    assert loading.file_kind(tmp_path / "a.zip") == "keras"
    with pytest.raises(ValueError, match=r"no member 'config\.json'"):
        saving.load_model(tmp_path / "a.zip")
    stream = io.BytesIO()
    np.save(stream, X)
    (tmp_path / "x.npy").write_bytes(stream.getvalue())
    with pytest.raises(ValueError, match="format is not known"):
        saving.load_model(tmp_path / "x.npy")
