"""The command line: `axone demo`, `axone run SCRIPT.py`, `axone info`. A command is imported when called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

__all__ = ["main"]


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text}")
    return value


def _parser() -> argparse.ArgumentParser:
    from axone import __version__

    parser = argparse.ArgumentParser(
        prog="axone", description="Deep learning with Keras's API, on a fast C++ engine."
    )
    parser.add_argument("--version", action="version", version=f"axone {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    demo = commands.add_parser("demo", help="train a dense network on MNIST and show what it learnt")
    demo.add_argument(
        "--epochs", type=_positive, help="passes over the data (5 on the full set, 15 on the sample)"
    )
    demo.add_argument("--batch-size", type=_positive, default=32, help="images a step (32)")
    demo.add_argument("--output", default="axone-demo.png", help="the picture's file (axone-demo.png)")
    demo.add_argument("--seed", type=int, default=0, help="same seed, same result (0)")
    demo.add_argument("--no-plot", action="store_true", help="write no picture")

    usage = "axone run SCRIPT.py [argument ...]"
    run = commands.add_parser("run", usage=usage, help="run a Keras script on axone, unchanged")
    run.add_argument("script", metavar="SCRIPT.py", help="what follows it is the script's own command line")

    commands.add_parser("info", help="print version, instruction set, threads and build flags")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: the command line without the program's name; None takes it from `sys.argv`.

    Returns:
        The exit status.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    # What follows the script's name is the script's, options and "--" included: argparse never sees it.
    own = 2 if words[:1] == ["run"] else len(words)
    options = _parser().parse_args(words[:own])
    if options.command == "demo":
        from axone.cli.demo import demo

        picture = None if options.no_plot else options.output
        return demo(options.epochs, options.batch_size, options.seed, picture)
    if options.command == "run":
        from axone.cli.run import run

        return run(options.script, words[own:])
    from axone import config

    config.show()
    return 0
