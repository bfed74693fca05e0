"""Downloads: checked by their hash, written beside their place, then renamed: no half file is ever found."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

_TIMEOUT_SECONDS = 30
_CHUNK = 1 << 20
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}


def hasher(digest: str, algorithm: str = "auto") -> hashlib._Hash:
    """The hash object for a hex digest; its length tells the algorithm unless one is named.

    Raises:
        ValueError: no algorithm has such digests, or there is none of that name.
    """
    name = _ALGORITHMS.get(len(digest), "") if algorithm == "auto" else algorithm
    if name not in hashlib.algorithms_available:
        raise ValueError(f"no hash algorithm {algorithm!r} fits the digest {digest!r}.")
    return hashlib.new(name)


def matches(path: Path, digest: str, algorithm: str = "auto") -> bool:
    """Whether a file has a hash."""
    found = hasher(digest, algorithm)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest() == digest.lower()


def fetch(url: str, target: Path, digest: str | None, algorithm: str = "auto") -> None:
    """Downloads one file.

    Args:
        url: where it is.
        target: where it goes; its folder is made where missing.
        digest: what its bytes must hash to, in hex; None for no check.
        algorithm: of the hash; "auto" tells it from the digest's length.

    Raises:
        OSError: it could not be had or written.
        ValueError: what came is another file.
    """
    from urllib.request import urlopen

    target.parent.mkdir(parents=True, exist_ok=True)
    found = hasher(digest, algorithm) if digest else None
    print(f"Downloading data from {url}", flush=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file, urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            while chunk := response.read(_CHUNK):
                if found is not None:
                    found.update(chunk)
                file.write(chunk)
        if found is not None and found.hexdigest() != str(digest).lower():
            raise ValueError(
                f"{url}: expected a file of {found.name.upper().replace('SHA', 'SHA-')} {digest}, "
                f"got {found.hexdigest()}. Nothing was kept."
            )
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
