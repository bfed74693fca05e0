"""Methods of models that Keras dropped, taken with a warning."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.core.old_names import warn_old

__all__ = ["OldMethods"]


class OldMethods:
    """Keras 2's names, in terms of today's methods."""

    def fit_generator(
        self,
        generator: Any,
        steps_per_epoch: int | None = None,
        epochs: int = 1,
        verbose: Any = 1,
        callbacks: Any = None,
        validation_data: Any = None,
        validation_steps: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Old name of `fit`, which takes generators. Arguments are those of `fit`."""
        warn_old("model.fit_generator(generator, ...) is now model.fit(generator, ...).")
        kwargs.update(steps_per_epoch=steps_per_epoch, epochs=kwargs.pop("nb_epoch", epochs), verbose=verbose)
        kwargs.update(validation_data=validation_data, validation_steps=validation_steps, callbacks=callbacks)
        _drop_workers(kwargs)
        return self.fit(generator, **kwargs)  # type: ignore[attr-defined]

    def evaluate_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """Old name of `evaluate`, which takes generators."""
        warn_old("model.evaluate_generator(generator, ...) is now model.evaluate(generator, ...).")
        return self.evaluate(generator, steps=steps, **_drop_workers(kwargs))  # type: ignore[attr-defined]

    def predict_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """Old name of `predict`, which takes generators."""
        warn_old("model.predict_generator(generator, ...) is now model.predict(generator, ...).")
        return self.predict(generator, steps=steps, **_drop_workers(kwargs))  # type: ignore[attr-defined]

    def predict_proba(self, x: Any, batch_size: int = 32, verbose: Any = 0) -> Any:
        """Old name of `predict`."""
        warn_old("model.predict_proba(x) is now model.predict(x).")
        return self.predict(x, batch_size=batch_size, verbose=verbose)  # type: ignore[attr-defined]

    def predict_classes(self, x: Any, batch_size: int = 32, verbose: Any = 0) -> Any:
        """The class of each sample: the largest output, or whether a single one exceeds 0.5."""
        warn_old(
            "model.predict_classes(x) is now model.predict(x).argmax(axis=-1), or (model.predict(x) > 0.5) "
            "for a single output."
        )
        predict: Any = self.predict  # type: ignore[attr-defined]
        scores = np.asarray(predict(x, batch_size=batch_size, verbose=verbose))
        return scores.argmax(-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")


def _drop_workers(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Arguments that say how a generator is run, which `PyDataset` holds today."""
    for name in ("workers", "use_multiprocessing", "max_queue_size", "max_q_size", "pickle_safe"):
        kwargs.pop(name, None)
    return kwargs
