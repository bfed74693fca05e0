"""The command line: demo, run, info, inspect, summary, convert, predict; each is imported when called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

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

    _add_file_commands(commands)
    commands.add_parser("info", help="print version, instruction set, threads and build flags")
    return parser


def _add_file_commands(commands: Any) -> None:
    trust = {"action": "store_true", "help": "run Python code that the file may hold (Lambda layers)"}
    inspect = commands.add_parser("inspect", help="tell what a model's file holds, without running anything")
    inspect.add_argument("file", metavar="FILE")

    summary = commands.add_parser("summary", help="print the layers of a model")
    summary.add_argument("file", metavar="FILE")
    summary.add_argument("--trust", **trust)

    convert = commands.add_parser("convert", help="write a model or weights in another format")
    convert.add_argument("source", metavar="FROM", help=".keras, .h5, .weights.h5, .safetensors, .onnx")
    convert.add_argument("target", metavar="TO", help=".keras, .h5, .weights.h5, .safetensors, .onnx, .json")
    convert.add_argument("--model", metavar="FILE", help="the model that weights in FROM are for")
    convert.add_argument("--trust", **trust)

    predict = commands.add_parser("predict", help="apply a model to an array (.npy, .npz) or an image")
    predict.add_argument("model", metavar="MODEL")
    predict.add_argument("data", metavar="INPUT")
    predict.add_argument("--output", metavar="FILE.npy", help="keep the outputs")
    predict.add_argument("--labels", metavar="FILE.txt", help="names of the classes, one a line")
    predict.add_argument("--scale", type=float, default=1.0, help="factor of the inputs (1)")
    predict.add_argument("--offset", type=float, default=0.0, help="added to the inputs (0)")
    predict.add_argument("--batch-size", type=_positive, default=32, help="samples a step (32)")
    predict.add_argument("--top", type=_positive, default=5, help="classes shown for a sample (5)")
    predict.add_argument("--trust", **trust)


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
    if options.command != "info":
        from axone.cli import files

        given = {name: value for name, value in vars(options).items() if name != "command"}
        if options.command in ("inspect", "summary"):
            given["path"] = given.pop("file")
        command: Callable[..., int] = getattr(files, options.command)
        return command(**given)
    from axone import config

    config.show()
    return 0
