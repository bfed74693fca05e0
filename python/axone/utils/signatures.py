"""Signatures of classes that hand options on to their base."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["spell_out"]


def spell_out(cls: type, base: type, omit: tuple[str, ...] = ()) -> None:
    """Show a base's arguments in the signature of a class whose constructor takes them as `**options`.

    Editors, `help` and `inspect.signature` then name them; they are given by keyword.

    Args:
        cls: the class; left as it is when it writes no constructor of its own.
        base: whose constructor takes the options.
        omit: arguments of the base that are not options: a subclass names or fixes them.
    """
    init: Any = cls.__dict__.get("__init__")
    if init is None:
        return
    own = list(inspect.signature(init).parameters.values())
    if not own or own[-1].kind is not inspect.Parameter.VAR_KEYWORD:
        return
    known = {parameter.name for parameter in own}
    inherited = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(base.__init__).parameters.values()  # type: ignore[misc]
        if parameter.name not in (known | set(omit)) and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    rest = own[-1].replace(name="kwargs")
    init.__signature__ = inspect.Signature([*own[:-1], *inherited, rest])
