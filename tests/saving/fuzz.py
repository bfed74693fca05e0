"""Feeds damaged files to the readers: no crash, no hang, no wrong exception, less than 2 GB of memory.

python tests/saving/fuzz.py [inputs a reader] [reader ...]
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import random
import resource
import select
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "files"
SECONDS = 20.0  # beyond this an input counts as a hang
MEMORY = 2 << 30
TOO_MUCH = "took too much memory"
HUGE = (
    -1,
    0,
    1,
    2,
    3,
    7,
    255,
    65535,
    10**6,
    2**31 - 1,
    2**31,
    2**32,
    10**12,
    2**62,
    10**30,
    -(2**31),
    0.5,
    1e300,
)
WORDS = (
    "",
    "relu",
    "Dense",
    "float64",
    "../../etc/passwd",
    "__lambda__",
    "Lambda",
    "channels_first",
    "x" * 50,
)


# -- inputs --------------------------------------------------------------------------------------------------


def flip(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, cut, moved or overwritten by large numbers."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not out:
            break
        at, kind = rng.randrange(len(out)), rng.randrange(8)
        if kind < 3:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            out[at] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        elif kind == 4:
            value = rng.choice((0, 1, 2**16, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1, len(out), at))
            place = at // 8 * 8
            out[place : place + 8] = struct.pack("<Q", value)
        elif kind == 5 and rng.random() < 0.3:
            del out[at:]
        elif kind == 6:
            other, size = rng.randrange(len(out)), rng.choice((8, 24, 40, 64))
            out[at : at + size] = out[other : other + size]
        elif kind == 7:
            del out[at : at + rng.choice((1, 4, 8))]
    return bytes(out)


def mutate_json(value: Any, rng: random.Random) -> Any:
    """A value somewhere inside replaced by another one."""
    places: list[tuple[Any, Any]] = []

    def walk(item: Any) -> None:
        for key, inner in item.items() if isinstance(item, dict) else enumerate(item):
            places.append((item, key))
            if isinstance(inner, (dict, list)):
                walk(inner)

    value = json.loads(json.dumps(value))
    walk(value)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        item, key = rng.choice(places)
        if (isinstance(item, dict) and key not in item) or (isinstance(item, list) and key >= len(item)):
            continue
        kind = rng.randrange(6)
        if kind == 0:
            item[key] = rng.choice(HUGE)
        elif kind == 1:
            item[key] = rng.choice(WORDS)
        elif kind == 2:
            del item[key]
        elif kind == 3:
            item[key] = rng.choice(([], {}, None, True, [item[key]], {"class_name": item[key], "config": {}}))
        elif kind == 4:
            other, place = rng.choice(places)
            if isinstance(other, dict) and place in other:
                item[key] = json.loads(json.dumps(other[place]))
        else:
            item[key] = [rng.choice(HUGE) for _ in range(rng.randrange(5))]
    return value


def repacked(data: bytes, rng: random.Random) -> bytes:
    """A `.keras` file with a changed configuration, weights or names; the archive itself is sound."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        part = rng.choice(("config.json", "config.json", "model.weights.h5", "metadata.json"))
        for info in old.infolist():
            content = old.read(info)
            if info.filename == part:
                if part.endswith("json"):
                    content = json.dumps(mutate_json(json.loads(content), rng)).encode()
                else:
                    content = flip(content, rng)
            method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            new.writestr(info.filename, content, method)
        if rng.random() < 0.1:
            new.writestr(rng.choice(("assets/../../x", "/etc/x", "assets/a/b.txt")), b"x")
    return out.getvalue()


def reconfigured(data: bytes, rng: random.Random) -> bytes:
    """A legacy `.h5` file with a changed configuration."""
    for name in (b'{"class_name"', b'{"loss"', b'{"module"'):
        at = data.find(name)
        if at >= 0 and rng.random() < 0.7:
            end = data.find(b"\0", at)
            text = data[at : end if end > 0 else len(data)]
            try:
                changed = json.dumps(mutate_json(json.loads(text), rng), separators=(",", ":")).encode()
            except ValueError:
                continue
            if len(changed) <= len(text):
                data = data[:at] + changed.ljust(len(text)) + data[at + len(text) :]
    return data


def headed(data: bytes, rng: random.Random) -> bytes:
    """A safetensors file with a changed header."""
    size = int.from_bytes(data[:8], "little")
    header = json.dumps(mutate_json(json.loads(data[8 : 8 + size]), rng)).encode()
    return len(header).to_bytes(8, "little") + header + data[8 + size :]


def texts(data: bytes, rng: random.Random) -> bytes:
    """A model as JSON with a changed configuration."""
    return json.dumps(mutate_json(json.loads(data), rng)).encode()


def originals(ending: str) -> list[bytes]:
    """Sound files to start from: Keras's, and axone's with an optimizer."""
    found = []
    for writer in ("keras2", "keras30", "keras3"):
        with zipfile.ZipFile(FILES / f"{writer}.zip") as archive:
            found += [archive.read(name) for name in archive.namelist() if name.endswith(ending)]
    return found


def configurations() -> list[bytes]:
    """Models as JSON: the configurations in `.keras` and `.h5` files."""
    found = []
    for data in originals(".keras"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found.append(archive.read("config.json"))
    for data in originals(".h5"):
        at = data.find(b'{"class_name"')
        if at >= 0:
            found.append(data[at : data.find(b"\0", at)])
    return [text for text in found if is_json(text)]


def is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:  # cut into blocks by the HDF5 file
        return False
    return True


def network() -> list[Any]:
    import axone
    from axone import layers

    return [axone.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)]


def written(ending: str) -> list[bytes]:
    """What axone writes, and for weights what other programs may write."""
    import axone

    model = axone.Sequential(network())
    model.compile("adam", "mse", metrics=["mae"])
    model.optimizer.build(model.trainable_weights)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{ending}"
        if ending == ".onnx":
            for one in (model, *networks()):
                one.export(path)
                found.append(path.read_bytes())
            return found
        if ending == ".json":
            path.write_text(model.to_json())
        else:
            model.save(path) if ending in (".keras", ".h5") else model.save_weights(path)
        found.append(path.read_bytes())
        if ending == ".weights.h5":
            found.append(recompressed(path))
    return found


def networks() -> list[Any]:
    """Models whose ONNX files have most of the operations."""
    import axone
    from axone import layers

    image = [layers.Conv2D(2, 3, padding="same"), layers.BatchNormalization(), layers.MaxPooling2D()]
    image += [layers.Conv2DTranspose(2, 3, strides=2), layers.Flatten(), layers.Dense(2, activation="gelu")]
    words = [layers.Embedding(9, 3), layers.Bidirectional(layers.LSTM(2, return_sequences=True))]
    words += [layers.LayerNormalization(), layers.GRU(2), layers.Dense(2, activation="softmax")]
    return [
        axone.Sequential([axone.Input((6, 6, 2)), *image]),
        axone.Sequential([axone.Input((5,), dtype="int32"), *words]),
    ]


def recompressed(path: Path) -> bytes:
    """The same arrays in the newest form of HDF5, in compressed pieces."""
    import h5py

    other = path.with_name("compressed.h5")
    with h5py.File(path) as old, h5py.File(other, "w", libver="latest") as new:

        def copy(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                pieces = {"chunks": item.shape, "compression": "gzip", "shuffle": True} if item.shape else {}
                new.create_dataset(name, data=item[()], fletcher32=bool(pieces), **pieces)

        old.visititems(copy)
    return other.read_bytes()


Mutations = tuple[Callable[[bytes, random.Random], bytes], ...]
READERS: dict[str, tuple[str, Mutations]] = {
    "keras": (".keras", (flip, repacked, repacked)),
    "h5": (".h5", (flip, flip, reconfigured)),
    "weights.h5": (".weights.h5", (flip,)),
    "safetensors": (".safetensors", (flip, headed)),
    "json": (".json", (flip, texts, texts)),
}
if importlib.util.find_spec("onnx") is not None:
    READERS["onnx"] = (".onnx", (flip,))


def inputs(reader: str, seed: int) -> Any:
    ending, mutations = READERS[reader]
    base = originals(ending) if reader in ("keras", "h5") else configurations() if reader == "json" else []
    base += written(ending) * max(1, len(base) // 8)
    number = seed
    while True:
        rng = random.Random(number)
        yield number, rng.choice(mutations)(rng.choice(base), rng)
        number += 1


# -- the process that reads ----------------------------------------------------------------------------------


def read_all(reader: str) -> None:
    """Read inputs from standard input, say after each what came of it."""
    import warnings

    import axone
    from axone.saving.model_json import load_json

    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    model = axone.Sequential(network())
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "inputs"
        folder.mkdir()
        path = folder / f"fuzz{READERS[reader][0]}"
        while head := sys.stdin.buffer.read(8):
            path.write_bytes(sys.stdin.buffer.read(int.from_bytes(head, "little")))
            answer = "ok"
            try:
                if reader in ("keras", "h5", "onnx"):
                    axone.models.load_model(path)
                elif reader == "json":
                    load_json(path)
                else:
                    model.load_weights(path)
            except ValueError as error:
                answer = "refused" if path.name in str(error) else f"does not name the file: {error}"
            except Exception as error:  # the wrong one, which is what this looks for
                answer = f"{type(error).__name__}: {error}"
            if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before > MEMORY:
                answer = TOO_MUCH
            sys.stdout.write(json.dumps(answer[:500]) + "\n")
            sys.stdout.flush()
            if (Path(above) / "x").exists() or len(list(folder.iterdir())) > 1:
                os._exit(77)


class Worker:
    """A reading process, started anew when it dies."""

    def __init__(self, reader: str) -> None:
        self.reader = reader
        self.start()

    def start(self) -> None:
        command = [sys.executable, __file__, "--read", self.reader]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def answer(self, data: bytes) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(len(data).to_bytes(8, "little") + data)
            self.process.stdin.flush()
        except BrokenPipeError:
            return self.dead()
        if not select.select([self.process.stdout], [], [], SECONDS)[0]:
            return self.dead("hang")
        line = self.process.stdout.readline()
        if not line:
            return self.dead()
        answer = str(json.loads(line))
        if answer == TOO_MUCH:  # what was told is the most that the process ever took
            self.dead()
        return answer

    def dead(self, what: str = "crash") -> str:
        self.process.kill()
        code = self.process.wait()
        self.start()
        return f"{what} ({code})"

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def fuzz(reader: str, count: int, seed: int = 0, keep: Path | None = None) -> dict[str, int]:
    """Feed a reader; returns how often each answer came."""
    found: dict[str, int] = {}
    worker = Worker(reader)
    try:
        for _, (number, data) in zip(range(count), inputs(reader, seed), strict=False):
            answer = worker.answer(data)
            kind = answer.split(":")[0] if answer in ("ok", "refused") else answer
            found[kind] = found.get(kind, 0) + 1
            if answer not in ("ok", "refused"):
                print(f"{reader} {number}: {answer}", flush=True)
                if keep is not None:
                    (keep / f"{reader}-{number}").write_bytes(data)
    finally:
        worker.close()
    return found


def main() -> int:
    if sys.argv[1:2] == ["--read"]:
        read_all(sys.argv[2])
        return 0
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    bad = 0
    for reader in sys.argv[2:] or READERS:
        found = fuzz(reader, count)
        print(
            f"{reader}: {count} inputs, {found.get('ok', 0)} read, {found.get('refused', 0)} refused",
            flush=True,
        )
        bad += count - found.get("ok", 0) - found.get("refused", 0)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
