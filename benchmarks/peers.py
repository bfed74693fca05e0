"""The libraries that axone is measured against: their names, virtual environments and settings.

Run as a program it builds the environments, which live outside the repository because they take gigabytes:

    python benchmarks/peers.py [--dir DIR] [NAME ...]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

KERAS = "keras==3.15.*"
# A newer torch would be another peer than the one that the targets were set against.
TORCH = "torch==2.13.0"
STAMP = "axone-requirements.txt"


@dataclass(frozen=True)
class Peer:
    """One library as it is measured.

    Args:
        name: the name on the command line and in the tables.
        venv: the folder of its virtual environment, shared by peers with the same requirements.
        requirements: what pip installs there.
        env: environment variables that a worker of this peer needs.
    """

    name: str
    venv: str
    requirements: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer("keras-jax", "keras-jax", (KERAS, "jax"), {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}),
        Peer("torch", "keras-torch", (KERAS, TORCH)),
        Peer(
            "keras-tensorflow",
            "keras-tensorflow",
            (KERAS, "tensorflow-cpu"),
            {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        ),
        Peer("keras-torch", "keras-torch", (KERAS, TORCH), {"KERAS_BACKEND": "torch"}),
        # Prediction only, of what PyTorch exports.
        Peer("onnxruntime", "onnxruntime", (TORCH, "numpy", "onnx", "onnxruntime")),
        Peer("openblas", "openblas", ("numpy", "scipy")),
        # torch's builds for x86-64 carry MKL; torch.mm is a thin way to it.
        Peer("mkl", "keras-torch", (KERAS, TORCH)),
    )
}


def default_directory() -> Path:
    """Where the environments are: `AXONE_PEERS`, or `~/.cache/axone-peers`."""
    return Path(os.environ.get("AXONE_PEERS") or Path.home() / ".cache" / "axone-peers")


def python_of(peer: Peer, directory: Path) -> Path:
    """The interpreter of a peer's environment (it may not exist yet)."""
    if os.name == "nt":
        return directory / peer.venv / "Scripts" / "python.exe"
    return directory / peer.venv / "bin" / "python"


def build(peer: Peer, directory: Path) -> bool:
    """Make a peer's environment unless it is there with the same requirements.

    Args:
        peer: whose environment.
        directory: folder that holds all environments.

    Returns:
        Whether anything was installed.

    Raises:
        subprocess.CalledProcessError: venv or pip failed; their own message is on stderr.
    """
    stamp = directory / peer.venv / STAMP
    wanted = "\n".join(peer.requirements) + "\n"
    python = python_of(peer, directory)
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return False
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(directory / peer.venv)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *peer.requirements], check=True)
    stamp.write_text(wanted)
    return True


def main() -> None:
    """Build the environments named on the command line, or all."""
    parser = argparse.ArgumentParser(description="Build the virtual environments of axone's peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"peers to build: {', '.join(PEERS)} (all)")
    parser.add_argument("--dir", type=Path, default=default_directory(), help="where (default: %(default)s)")
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(PEERS))
    if unknown:
        parser.error(f"unknown peer {', '.join(unknown)}; expected some of {', '.join(PEERS)}")
    args.dir.mkdir(parents=True, exist_ok=True)
    for peer in PEERS.values():
        if not args.names or peer.name in args.names:
            installed = build(peer, args.dir)
            print(f"{peer.name:18} {'installed in' if installed else 'ready in'} {args.dir / peer.venv}")


if __name__ == "__main__":
    main()
