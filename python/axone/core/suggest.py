"""Near names for errors about unknown ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]

# So many names or fewer are all listed when none is near.
_FEW = 12


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name, with a leading space; "" where nothing is near.

    Args:
        name: what the user wrote.
        known: the valid names.

    Example:
        >>> did_you_mean("adan", ["adam", "sgd", "rmsprop"])
        " Did you mean 'adam'?"
    """
    names, text = list(dict.fromkeys(known)), str(name)
    near = difflib.get_close_matches(text, names, n=3)
    if not near:
        near = [n for n in names if n.lower().startswith(text.lower())][:3] if text else []
    if not near:
        folded = {n.lower(): n for n in reversed(names)}
        near = [folded[n] for n in difflib.get_close_matches(text.lower(), folded, n=3)]
    if near:
        return f" Did you mean {' or '.join(map(repr, near))}?"
    return f" Known: {', '.join(map(repr, names))}." if 0 < len(names) <= _FEW else ""
