"""Runs a look through a file in a child process, of bounded memory and time, before the process itself does.

libhdf5 is written in C and trusts its input: damaged files make it read past its buffers or run in circles.
What the child survives, the parent survives too, as it does the same with the same bytes.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable

from axone.saving.source import FileError, Source

__all__ = ["guarded"]

# A look takes milliseconds, and where values are compressed the time of unpacking them.
_SECONDS, _BYTES_PER_SECOND = 4.0, 20e6
_MEMORY = 1 << 30  # beyond what the process holds
_PAGE = 4096


def guarded(source: Source, look: Callable[[], None]) -> None:
    """Call `look` in a child process. Where processes cannot be forked safely, outside of Linux, do nothing.

    Args:
        source: the file, for messages.
        look: what is called; it raises FileError where it does not like what it sees.

    Raises:
        FileError: that, or the child died, or took too much memory or time.
    """
    if not sys.platform.startswith("linux"):
        return
    import h5py  # in the parent, so that children need not

    del h5py
    seconds = _SECONDS + source.size / _BYTES_PER_SECOND
    receive, send = os.pipe()
    with warnings.catch_warnings():
        # The child touches neither the engine's threads nor anyone else's.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _child(send, look, seconds)
    os.close(send)
    try:
        text, late = _answer(receive, seconds)
    finally:
        os.close(receive)
    if late:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if late:
        raise source.error(f"looking through it takes more than {seconds:.0f} s: it is damaged")
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return
    raise FileError(text) if text else source.error("it makes the HDF5 library crash: it is damaged")


def _answer(receive: int, seconds: float) -> tuple[str, bool]:
    """What the child says before it ends, and whether it took too long."""
    data, end = b"", time.monotonic() + seconds
    while True:
        ready, _, _ = select.select([receive], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return "", True
        part = os.read(receive, 1 << 16)
        if not part:
            return data.decode("utf-8", "replace"), False
        data += part


def _child(send: int, look: Callable[[], None], seconds: float) -> None:
    """Never returns: nothing of the parent's is unwound."""
    status = 1
    try:
        _bound(seconds)
        look()
        status = 0
    except FileError as error:
        os.write(send, str(error).encode("utf-8", "replace")[:60_000])
    except BaseException as error:
        os.write(
            send,
            f"the file cannot be read ({type(error).__name__}: {error})".encode("utf-8", "replace")[:60_000],
        )
    finally:
        os._exit(status)


def _bound(seconds: float) -> None:
    import resource

    held = int(open("/proc/self/statm").read().split()[0]) * _PAGE  # noqa: SIM115
    bounds = {
        resource.RLIMIT_AS: held + _MEMORY,
        resource.RLIMIT_CPU: int(seconds) + 1,  # should the parent be gone
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in bounds.items():
        resource.setrlimit(kind, (limit, limit))
    # Messages of libraries about damaged files are of no use to the user.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
