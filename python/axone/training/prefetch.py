"""Batches of a slow iterator, made in a thread while the step before runs."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
from collections.abc import Iterator
from time import perf_counter
from typing import Any

# Seconds that an item must take for a thread to pay: handing it over costs some 50 µs.
_SLOW = 1e-3
# Longest wait for the thread when it is no longer needed; it ends by itself after its item.
_PATIENCE = 1.0


class Ahead(Iterator[Any]):
    """Iterates over a source. Once an item took long to make, a thread makes the next while one is used.

    The source is never asked for two items at a time, nor for more than `allow` said. What it raises arrives
    with the item's turn. It is not closed: its owner may go on with it.

    Args:
        source: The iterator.

    Example:
        >>> batches = Ahead(iter(loader))
        >>> batches.allow(100)
        >>> for batch in batches: ...
    """

    def __init__(self, source: Iterator[Any]) -> None:
        self._source = source
        self._allowed: int | None = None
        self._asked = 0
        self._ended = False
        self._thread: threading.Thread | None = None
        self._wanted = threading.Semaphore(0)
        self._made: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._closed = threading.Event()

    def allow(self, count: int | None) -> None:
        """Says how many more items may be asked of the source beyond those under way; None for no limit."""
        self._allowed = count if count is None else count - self._asked

    def __next__(self) -> Any:
        if self._ended:
            raise StopIteration
        if self._thread is None:
            began = perf_counter()
            self._count()
            item = next(self._source)
            if perf_counter() - began > _SLOW:
                self._start()
                self._ask()
            return item
        if not self._asked:
            self._ask(at_once=True)
        item, error = self._received()
        self._asked -= 1
        if error is not None:
            self.close()
            raise error
        self._ask()
        return item

    def _received(self) -> tuple[Any, BaseException | None]:
        while True:
            # Not one long wait: Ctrl-C may be noticed by another thread, which does not wake this one.
            with contextlib.suppress(queue.Empty):
                return self._made.get(timeout=0.1)

    def _count(self) -> None:
        if self._allowed is not None:
            self._allowed -= 1

    def _ask(self, at_once: bool = False) -> None:
        if at_once or self._allowed is None or self._allowed > 0:
            self._count()
            self._asked += 1
            self._wanted.release()

    def _start(self) -> None:
        arguments = (self._source, self._wanted, self._made, self._closed)
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(_serve, *arguments), name="axone-ahead", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the thread; an item under way is lost."""
        self._ended = True
        if self._thread is None:
            return
        self._closed.set()
        self._wanted.release()
        if self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE)
        self._thread = None

    def __del__(self) -> None:
        # An interpreter that ends has taken parts of these away already.
        if getattr(self, "_thread", None) is not None:
            self._closed.set()
            self._wanted.release()


def _serve(source: Iterator[Any], wanted: Any, made: Any, closed: Any) -> None:
    """Makes an item for every release of `wanted`; holds no `Ahead`, so that a forgotten one ends it."""
    while True:
        wanted.acquire()
        if closed.is_set():
            return
        try:
            item, error = next(source), None
        except BaseException as raised:
            item, error = None, raised
        made.put((item, error))
        if error is not None:
            return
        del item
