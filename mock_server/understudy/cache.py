"""A cache of JSON values in the user's cache folder, for results that follow from our files and code alone.

Each file begins with a checksum of the code, the inputs and its payload. An outdated or damaged file is
computed anew; one that cannot be written is skipped. Must not know what a value means.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

Json = Any
_CHECKSUM_BYTES = 32
_UNAVAILABLE = (OSError, RuntimeError)  # unreadable or unwritable; RuntimeError: a user without a home


def cached(name: str, compute: Callable[[], Json], *contents: bytes) -> Json:
    """The JSON value of `compute()`, read from the cache when neither code nor `contents` changed."""
    name = f"{name}.json"
    stored = _read(name)
    payload = stored[_CHECKSUM_BYTES:]
    if stored[:_CHECKSUM_BYTES] != _checksum(contents, payload):
        payload = msgspec.json.encode(compute())
        _write(name, _checksum(contents, payload) + payload)
    return msgspec.json.decode(payload)


def forget(name: str) -> None:
    """Remove a value from the cache."""
    with suppress(*_UNAVAILABLE):
        (folder() / f"{name}.json").unlink(missing_ok=True)


def prune(prefix: str, most: int) -> None:
    """Keep the newest `most` values whose names begin with `prefix`."""
    with suppress(*_UNAVAILABLE):
        files = sorted(folder().glob(f"{prefix}*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[most:]:
            file.unlink(missing_ok=True)


def folder() -> Path:
    """The folder of the cache; raises RuntimeError for a user without a home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "understudy"


def _read(name: str) -> bytes:
    try:
        return (folder() / name).read_bytes()
    except _UNAVAILABLE:
        return b""


def _write(name: str, content: bytes) -> None:
    """Write a file atomically: other processes may read it at the same time."""
    with suppress(*_UNAVAILABLE):
        target = folder() / name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}")
        partial.write_bytes(content)
        partial.replace(target)
        _remove_partials(target)


def _remove_partials(target: Path) -> None:
    """Remove partial files of killed writers; a running writer then only finds its target written."""
    for partial in target.parent.glob(f"{target.stem}.[0-9]*"):
        partial.unlink(missing_ok=True)


def _checksum(contents: Sequence[bytes], payload: bytes) -> bytes:
    parts = (_code(), *(blake2b(content).digest() for content in contents), payload)
    return blake2b(b"".join(parts), digest_size=_CHECKSUM_BYTES).digest()


@cache
def _code() -> bytes:
    package = Path(__file__).parent
    return blake2b(b"".join(file.read_bytes() for file in sorted(package.rglob("*.py")))).digest()
