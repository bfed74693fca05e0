"""`axone run SCRIPT.py [args]`: runs a script written for Keras on axone."""

from __future__ import annotations

import io
import sys
import types
from collections.abc import Sequence
from pathlib import Path

from axone.cli import aliases


def run(script: str, arguments: Sequence[str]) -> int:
    """Runs a script as Python itself would, with `keras` and `tensorflow.keras` meaning axone.

    Args:
        script: its path.
        arguments: what follows it in `sys.argv`.

    Returns:
        0; 2 where the script cannot be read. What the script raises comes through.
    """
    path = Path(script)
    try:
        with io.open_code(str(path.absolute())) as file:
            source = file.read()
    except OSError as error:
        print(f"axone run: cannot read {script}: {error.strerror}", file=sys.stderr)
        return 2
    aliases.install()
    # sys.path[0] is the folder of the program that started; Python would have put the script's there.
    folder = str(path.absolute().parent)
    if getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, folder)
    else:
        sys.path[0] = folder
    sys.argv = [script, *arguments]
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=script, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    exec(compile(source, script, "exec"), module.__dict__)
    return 0
