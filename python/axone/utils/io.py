"""Where axone's messages to the user go: standard output, or `logging` when interactive output is off."""

from __future__ import annotations

import logging
import os
import sys

_interactive = True


def enable_interactive_logging() -> None:
    """Sends progress and messages to standard output (the default)."""
    global _interactive
    _interactive = True


def disable_interactive_logging() -> None:
    """Sends progress and messages to the logger named `axone`, level INFO."""
    global _interactive
    _interactive = False


def is_interactive_logging_enabled() -> bool:
    """Returns whether messages go to standard output."""
    return _interactive


def is_live_display() -> bool:
    """Returns whether a line on standard output can be redrawn (terminal, notebook, PyCharm)."""
    isatty = getattr(sys.stdout, "isatty", None)
    return bool(isatty and isatty()) or "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ


def print_msg(message: str, line_break: bool = True) -> None:
    """Prints a message to the user.

    Args:
        message: Text. Characters that the output cannot encode are replaced.
        line_break: Whether a newline follows.
    """
    if not _interactive:
        logging.getLogger("axone").info(message)
        return
    text = message + "\n" if line_break else message
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.replace("━", "-").encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def ask_to_proceed_with_overwrite(path: str) -> bool:
    """Asks the user whether a file may be replaced.

    Args:
        path: The file.

    Raises:
        FileExistsError: there is nobody to ask.
    """
    try:
        while True:
            answer = input(f"{path} exists already: overwrite it? [y/n] ").strip().lower()
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")
    except EOFError:
        raise FileExistsError(f"'{path}' exists already; pass overwrite=True to replace it.") from None
