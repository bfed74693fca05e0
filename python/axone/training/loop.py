"""One pass of steps with its callbacks, shared by `fit`, `evaluate` and `predict`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from axone.callbacks.callback_list import CallbackList
from axone.training.feeds import Feed

# Longest time in C++ without looking at the keyboard, in seconds; a progress bar is redrawn every 50 ms.
_BUDGET = 0.1
_BUDGET_WITH_BAR = 0.05
_UNBOUNDED = 2**31 - 1


def run_steps(
    feed: Feed,
    callbacks: CallbackList,
    kind: str,
    steps_per_call: int,
    logs: Callable[[], dict[str, Any]],
    stopped: Callable[[], bool],
) -> int:
    """Runs the steps of an epoch.

    Steps run many a call, unless a callback overrides a hook of batches: then `steps_per_call` at a time.

    Args:
        feed: The data and the step.
        callbacks: Whom to tell.
        kind: "train", "test" or "predict".
        steps_per_call: Steps between two calls of the hooks, where hooks look at them.
        logs: Returns the logs after a step.
        stopped: Returns whether to stop early.

    Returns:
        The number of steps done.
    """
    begin = getattr(callbacks, f"on_{kind}_batch_begin")
    end = getattr(callbacks, f"on_{kind}_batch_end")
    stepwise = callbacks.wants_every_batch(kind)
    budget = _BUDGET_WITH_BAR if callbacks.draws_progress() else _BUDGET
    feed.start_epoch()
    done = feed.take_resumed()
    while feed.steps is None or done < feed.steps:
        begin(done)
        goal = done + steps_per_call if stepwise else _UNBOUNDED
        if feed.steps is not None:
            goal = min(goal, feed.steps)
        before = done
        while done < goal:
            ran = feed.advance(goal - done, budget)
            done += ran
            if ran == 0 or not stepwise:
                break
        if done == before:
            if done == 0 or feed.steps is not None:
                wanted = "" if feed.steps is None else f" of {feed.steps}"
                warnings.warn(
                    f"The data ran out after {done}{wanted} steps; the epoch ends here. Give more "
                    "data, or repeat it in the generator.",
                    stacklevel=4,
                )
            break
        end(done - 1, logs())
        if stopped():
            break
    return done
