"""Running steps over data: many steps a call for arrays, one for batches that come one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.random import global_seed_generator
from axone.training.arguments import check_targets
from axone.training.data import ArrayData, BatchData
from axone.training.prefetch import Ahead
from axone.training.programs import CompiledStep, StepFunction, numpy_nest


class Feed:
    """A pass over data, step by step.

    Attributes:
        steps: Number of steps of an epoch, None when unknown.
        outputs: What the last step returned; None when it returned the metrics' results.
    """

    steps: int | None
    outputs: Any = None

    def start_epoch(self) -> None:
        """Goes back to the first batch; with `steps_per_epoch`, only when the data ran out."""

    def advance(self, limit: int, budget: float) -> int:
        """Runs at least one and at most `limit` steps, fewer when `budget` seconds are over.

        Returns:
            The number of steps done; 0 when the data ran out.
        """
        raise NotImplementedError

    # Steps of the coming epoch that were done before the process that began it ended.
    resumed = 0

    def take_resumed(self) -> int:
        """Returns how many steps of the epoch that begins are done already, and forgets it."""
        done, self.resumed = self.resumed, 0
        return done

    def position(self) -> dict[str, Any]:
        """Returns where the pass stands, in plain values, so that another process can go on from there."""
        return {"drawn_from": self._drawn_from}

    def resume(self, position: dict[str, Any], done: int) -> None:
        """Goes on from where another feed stood.

        Args:
            position: What `position` returned.
            done: Steps of the epoch that are done; 0 between two epochs.
        """
        self.resumed = done

    _drawn_from: list[int] | None = None

    def _note_seed(self) -> None:
        """Keeps the state of the global seed that an epoch's order comes from."""
        self._drawn_from = [int(v) for v in global_seed_generator().state.numpy()]

    def close(self) -> None:
        """Lets go of what a pass may hold beyond its end, such as a thread."""

    def predictions(self) -> Any:
        """Returns the outputs of all steps of the epoch, joined along the first axis."""
        raise NotImplementedError


class ArrayFeed(Feed):
    """Steps over arrays.

    Args:
        step: The step.
        data: The arrays.
        steps_per_epoch: Steps of an epoch; None stands for one pass over the data.
        keeps_outputs: Whether the outputs of all steps are wanted.
    """

    def __init__(
        self,
        step: StepFunction,
        data: ArrayData,
        steps_per_epoch: int | None = None,
        keeps_outputs: bool = False,
    ) -> None:
        self._step = step
        self._data = data
        # Training goes on where it stopped; a validation of so many steps is always of the same batches.
        self._repeats = steps_per_epoch is not None and step.kind == "train"
        self._keeps_outputs = keeps_outputs
        self._position = 0
        self._order: np.ndarray | None = None
        self._fresh = True
        self._kept: list[Any] = []
        self._collected: list[np.ndarray] | None = None
        self._programs: dict[int, CompiledStep] = {}
        self.steps = data.num_batches if steps_per_epoch is None else steps_per_epoch

    def start_epoch(self) -> None:
        # Which layers are trainable may have changed since the last epoch: programs are looked up anew.
        self._programs = {}
        if self.resumed:
            return
        if self._fresh or not self._repeats or self._position >= self._data.num_batches:
            self._note_seed()
            self._order = self._data.epoch_order()
            self._position = 0
            self._fresh = False

    def advance(self, limit: int, budget: float) -> int:
        left = self._data.num_batches - self._position
        if left <= 0:
            return 0
        if self._step.model.run_eagerly:
            done = self._advance_eagerly()
        else:
            done = self._advance_compiled(min(limit, left), budget)
        self._position += done
        return done

    def position(self) -> dict[str, Any]:
        return {**super().position(), "batch": self._position}

    def resume(self, position: dict[str, Any], done: int) -> None:
        super().resume(position, done)
        if position.get("drawn_from") is None or not (done or self._repeats):
            return
        with drawing_from(position["drawn_from"]):
            self._note_seed()
            self._order = self._data.epoch_order()
        self._position, self._fresh = int(position["batch"]), False

    def prepare(self) -> None:
        """Compiles the step for whole batches, which makes what the model, optimizer and metrics lack."""
        if not self._step.model.run_eagerly:
            self._program(min(self._data.batch_size, self._data.rows))

    def _advance_compiled(self, steps: int, budget: float) -> int:
        data, size = self._data, self._data.batch_size
        full = data.rows // size
        if self._position < full:
            rows, first, steps = size, self._position, min(steps, full - self._position)
            order, offset = self._order, 0
        else:  # the short last batch has a program of its own
            offset = full * size
            rows, first, steps = data.rows - offset, 0, 1
            order = None if self._order is None else self._order[offset:]
        compiled = self._program(rows)
        sources = data.sources(compiled.host)
        if offset and order is None:
            sources = [a[offset:] for a in sources]
        collect = self._collectors(compiled, rows, offset) if self._keeps_outputs else None
        if self._keeps_outputs and collect is None:
            steps = 1
        done = compiled.run(sources, order, rows, first, steps, budget, collect or ())
        if self._keeps_outputs and collect is None:
            self._kept.append(numpy_nest(compiled.program.outputs()))
        elif not self._keeps_outputs:
            self.outputs = None if compiled.reads_metrics else compiled.program.outputs()
        return done

    def _program(self, rows: int) -> CompiledStep:
        compiled = self._programs.get(rows)
        if compiled is None:
            compiled = self._step.compiled(self._data, rows, self._step.model.state_key(self._step.kind))
            self._programs[rows] = compiled
        return compiled

    def _collectors(self, compiled: CompiledStep, rows: int, offset: int) -> list[np.ndarray | None] | None:
        """Arrays into which the program writes its outputs, from row `offset` on.

        None when an output does not have one row per sample; then the outputs of each step are kept and
        joined.
        """
        specs = tree.flatten(compiled.output_specs)
        if self._kept or any(not s.shape or s.shape[0] != rows for s in specs):
            return None
        if self._collected is None:
            self._structure = compiled.output_specs
            self._collected = [np.empty((self._data.rows, *s.shape[1:]), s.dtype) for s in specs]
        return [array[offset:] for array in self._collected]

    def _advance_eagerly(self) -> int:
        first = self._position * self._data.batch_size
        rows: Any = slice(first, first + self._data.batch_size)
        outputs = self._step.run_eagerly(self._data, rows if self._order is None else self._order[rows])
        if self._keeps_outputs:
            self._kept.append(numpy_nest(outputs))
        self.outputs = outputs
        return 1

    def batch_outputs(self) -> Any:
        """Returns the outputs of the last step, where they are kept."""
        if self._kept:
            return self._kept[-1]
        first = (self._position - 1) * self._data.batch_size
        rows = [a[first : first + self._data.batch_size] for a in self._collected or ()]
        return tree.pack_sequence_as(self._structure, rows)

    def predictions(self) -> Any:
        if self._kept:
            return join(self._kept)
        rows = min(self._position * self._data.batch_size, self._data.rows)
        return tree.pack_sequence_as(self._structure, [a[:rows] for a in self._collected or ()])


class BatchFeed(Feed):
    """Steps over batches that come one by one.

    Args:
        step: The step.
        data: The batches.
        steps_per_epoch: Steps of an epoch; None stands for all batches there are.
        keeps_outputs: Whether the outputs of all steps are wanted.
    """

    def __init__(
        self,
        step: StepFunction,
        data: BatchData,
        steps_per_epoch: int | None = None,
        keeps_outputs: bool = False,
    ) -> None:
        self._step = step
        self._data = data
        self._repeats = steps_per_epoch is not None and step.kind == "train"
        self._keeps_outputs = keeps_outputs
        self._kept: list[Any] = []
        self._batches: Ahead | None = None
        self._is_first = True
        self.steps = data.num_batches if steps_per_epoch is None else steps_per_epoch

    def start_epoch(self) -> None:
        if not self._repeats or self._batches is None:
            self.close()
            self._note_seed()
            self._batches = Ahead(self._data.epoch_batches())
        self._batches.allow(self.steps)
        if self.resumed:
            with drawing_from(self._resume_from or self._drawn_from):
                for _ in range(self.resumed):
                    next(self._batches, None)

    _resume_from: list[int] | None = None

    def resume(self, position: dict[str, Any], done: int) -> None:
        super().resume(position, done)
        self._resume_from = position.get("drawn_from")

    def close(self) -> None:
        if self._batches is not None:
            self._batches.close()
            self._batches = None

    def advance(self, limit: int, budget: float) -> int:
        batch = next(self._batches, None) if self._batches is not None else None
        if batch is None:
            self.close()
            if self._is_first:
                raise ValueError(
                    "`x` yielded no batch. An iterator gives its batches once: make a new one, or one "
                    "without end with steps_per_epoch."
                )
            return 0
        self._is_first = False
        if self._step.kind == "train":
            check_targets(batch.targets, self._step.model.loss)
        if self._step.model.run_eagerly:
            self.outputs = self._step.run_eagerly(batch, slice(None))
        else:
            compiled = self._step.compiled(batch, batch.rows, self._step.model.state_key(self._step.kind))
            compiled.run(batch.sources(compiled.host), None, batch.rows, 0, 1, budget)
            self.outputs = None if compiled.reads_metrics else compiled.program.outputs()
        if self._keeps_outputs:
            self._kept.append(numpy_nest(self.outputs))
        return 1

    def batch_outputs(self) -> Any:
        """Returns the outputs of the last step, where they are kept."""
        return self._kept[-1]

    def predictions(self) -> Any:
        return join(self._kept)


@contextmanager
def drawing_from(state: Any) -> Iterator[None]:
    """Within this context the global seed has an earlier state; afterwards its own again."""
    seeds = global_seed_generator().state
    now = seeds.numpy()
    seeds.assign(np.asarray(state, "int64"))
    try:
        yield
    finally:
        seeds.assign(now)


def join(nests: list[Any]) -> Any:
    """Joins the outputs of many steps along the first axis; scalars are stacked."""
    return tree.map_structure(lambda *parts: np.concatenate([np.atleast_1d(p) for p in parts]), *nests)
