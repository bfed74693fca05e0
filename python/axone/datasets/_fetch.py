"""Downloads: checked by SHA-256, written beside their place, then renamed: no half file is ever found."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

_TIMEOUT_SECONDS = 30
_CHUNK = 1 << 20


def fetch(url: str, target: Path, sha256: str) -> None:
    """Downloads one file.

    Args:
        url: where it is.
        target: where it goes; its folder is made where missing.
        sha256: what its bytes must hash to, in hex.

    Raises:
        OSError: it could not be had or written.
        ValueError: what came is another file.
    """
    from urllib.request import urlopen

    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    print(f"Downloading data from {url}", flush=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file, urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            while chunk := response.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            raise ValueError(
                f"{url}: expected a file of SHA-256 {sha256}, got {digest.hexdigest()}. Nothing was kept."
            )
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
