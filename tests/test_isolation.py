"""axone beside others in one process: forked children, other libraries, environment variables."""

from __future__ import annotations

import importlib.util

import pytest

TRAIN = """
import numpy as np, axone
axone.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(512, 64)).astype("float32")
y = np.random.default_rng(1).integers(0, 10, 512)
model = axone.Sequential([axone.Input((64,)), axone.layers.Dense(256, activation="relu"),
                          axone.layers.Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
def train():
    model.fit(x, y, batch_size=64, epochs=2, verbose=0)
    return [w.tobytes() for w in model.get_weights()]
"""

# The parent waits for the child with a limit, so that a hang is a failure and not a test run that never ends.
FORK = (
    TRAIN
    + """
import os, signal, sys, time
weights = model.get_weights()
expected = train()
train()
pid = os.fork()
if pid == 0:
    try:
        model.set_weights(weights)
        axone.ops.matmul(np.ones((300, 300), "float32"), np.ones((300, 300), "float32")).numpy()
        prediction = model.predict(x, verbose=0)
        loss = model.fit(x, y, verbose=0).history["loss"][0]
        os._exit(0 if np.isfinite(prediction).all() and np.isfinite(loss) else 3)
    except BaseException as error:
        print(type(error), error, file=sys.stderr, flush=True)
        os._exit(4)
deadline = time.monotonic() + 60
while True:
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        break
    if time.monotonic() > deadline:
        os.kill(pid, signal.SIGKILL)
        sys.exit("the child hangs")
    time.sleep(0.01)
assert status == 0, status
train()  # the parent still works, with its threads
print("ok")
"""
)


def test_forked_child_of_a_process_that_has_trained(python) -> None:
    done = python("-c", FORK, AXONE_NUM_THREADS="2")
    assert done.returncode == 0 and done.stdout == "ok\n", done.stderr


def test_multiprocessing_fork_pool(python) -> None:
    code = (
        TRAIN
        + """
import multiprocessing
train()
def work(i):
    return float(model.predict(x[:64], verbose=0).sum())
with multiprocessing.get_context("fork").Pool(2) as pool:
    sums = pool.map_async(work, range(4)).get(timeout=60)
assert len(set(sums)) == 1 and abs(sums[0] - 64) < 1e-2, sums
print("ok")
"""
    )
    done = python("-c", code, AXONE_NUM_THREADS="2")
    assert done.returncode == 0 and done.stdout == "ok\n", done.stderr


def test_forked_child_computes_the_same_bits(python) -> None:
    code = (
        TRAIN
        + """
import os
weights = model.get_weights()
reader, writer = os.pipe()
axone.ops.matmul(np.ones((300, 300), "float32"), np.ones((300, 300), "float32")).numpy()
if os.fork() == 0:
    os.write(writer, axone.ops.matmul(x, weights[0]).numpy().sum(axis=1).tobytes())
    os._exit(0)
expected = axone.ops.matmul(x, weights[0]).numpy().sum(axis=1).tobytes()
os.close(writer)
assert os.fdopen(reader, "rb").read() == expected
os.wait()
print("ok")
"""
    )
    done = python("-c", code, AXONE_NUM_THREADS="2")
    assert done.returncode == 0 and done.stdout == "ok\n", done.stderr


@pytest.mark.parametrize("order", ["axone first", "axone second"])
@pytest.mark.parametrize("other", ["torch", "sklearn"])
def test_beside_another_library(python, other: str, order: str) -> None:
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    theirs = {
        "torch": "import torch\ndef other():\n"
        "    torch.manual_seed(0)\n"
        "    product = torch.randn(400, 400) @ torch.randn(400, 400)\n"
        "    return (torch.get_num_threads(), product.sum().item())\n",
        "sklearn": "from sklearn.linear_model import LogisticRegression\nimport numpy\ndef other():\n"
        "    x = numpy.random.default_rng(0).normal(size=(500, 20)); t = (x[:, 0] > 0).astype(int)\n"
        "    return LogisticRegression().fit(x, t).coef_.tobytes()\n",
    }[other]
    alone = python("-c", theirs + "print(hash(str(other())))", PYTHONHASHSEED="0")
    assert alone.returncode == 0, alone.stderr
    ours = python("-c", TRAIN + "print(hash(str(train())))", PYTHONHASHSEED="0")
    assert ours.returncode == 0, ours.stderr
    parts = (TRAIN, theirs) if order == "axone first" else (theirs, TRAIN)
    code = (
        "".join(parts)
        + "a = other(); w = train(); b = other(); assert a == b\nprint(hash(str(b)), hash(str(w)))"
    )
    both = python("-c", code, PYTHONHASHSEED="0")
    assert both.returncode == 0, both.stderr
    assert both.stdout.split() == [alone.stdout.strip(), ours.stdout.strip()]


def test_floating_point_mode_is_left_alone(python) -> None:
    """Training flushes subnormals to zero on its own threads; NumPy must still see them afterwards."""
    code = TRAIN + "train()\nprint((np.float32(1e-38) * np.float32(0.1) > 0).item())"
    done = python("-c", code)
    assert done.returncode == 0 and done.stdout == "True\n", done.stderr


@pytest.mark.parametrize("name", ["avx1024", "AVX2 ", "neonn"])
def test_unknown_instruction_set_is_an_error(python, name: str) -> None:
    done = python("-c", "import axone; axone.ops.add(1.0, 2.0)", AXONE_ISA=name)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "Error" in last and "AXONE_ISA" in last and repr(name) in last, done.stderr


def test_instruction_set_of_another_machine_is_an_error(python) -> None:
    import platform

    other = "neon" if platform.machine() in ("x86_64", "AMD64") else "avx2"
    done = python("-c", "import axone; axone.ops.add(1.0, 2.0)", AXONE_ISA=other)
    assert done.returncode == 1 and "AXONE_ISA" in done.stderr


def test_number_of_threads_from_the_environment(python) -> None:
    code = "import axone; print(axone.config.num_threads()); axone.config.set_num_threads(1); "
    code += "print(axone.config.num_threads())"
    done = python("-c", code, AXONE_NUM_THREADS="3")
    assert done.stdout.split() == ["3", "1"], done.stderr
    for bad in ("0", "-1", "two", "1.5"):
        done = python("-c", code, AXONE_NUM_THREADS=bad)
        assert done.returncode == 1 and "AXONE_NUM_THREADS" in done.stderr and repr(bad) in done.stderr, (
            done.stderr
        )


def test_number_of_threads_follows_affinity(python) -> None:
    import os

    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two processors and sched_setaffinity")
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import axone; "
    code += "print(axone.config.num_threads())"
    done = python("-c", code, AXONE_NUM_THREADS=None)
    assert done.stdout == "1\n", done.stderr


def test_bad_number_of_threads() -> None:
    import axone

    before = axone.config.num_threads()
    for bad in (0, -1, 10**6):
        with pytest.raises(ValueError, match="set_num_threads"):
            axone.config.set_num_threads(bad)
    for wrong in (1.5, "2", None, True):
        with pytest.raises(TypeError, match="set_num_threads"):
            axone.config.set_num_threads(wrong)
    assert axone.config.num_threads() == before
