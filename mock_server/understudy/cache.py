"""What follows from files of ours and our code alone: worked out once, then kept in the user's cache folder.

An entry is sealed with a hash of the code, the files and itself. One that is out of date or damaged is made again,
one that cannot be written is not kept. Must not know what an entry means.
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
_SEAL = 32
_NOWHERE = (OSError, RuntimeError)  # not to be read or written; a user without a home


def cached(name: str, make: Callable[[], Json], *contents: bytes) -> Json:
    """What `make` makes of `contents`, as JSON has it; made only where it is not known under the name."""
    name = f"{name}.json"
    entry = _read(name)
    row = entry[_SEAL:]
    if entry[:_SEAL] != _seal(contents, row):
        row = msgspec.json.encode(make())
        _write(name, _seal(contents, row) + row)
    return msgspec.json.decode(row)


def folder() -> Path:
    """Where entries are kept; raises RuntimeError for a user without a home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "understudy"


def _read(name: str) -> bytes:
    try:
        return (folder() / name).read_bytes()
    except _NOWHERE:
        return b""


def _write(name: str, entry: bytes) -> None:
    """All of it or nothing: others may read at the same time."""
    with suppress(*_NOWHERE):
        place = folder() / name
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_suffix(f".{os.getpid()}")
        partial.write_bytes(entry)
        partial.replace(place)
        _sweep(place)


def _sweep(place: Path) -> None:
    """Remove what writers that were killed have left of an entry; one at work only finds its work done by us."""
    for partial in place.parent.glob(f"{place.stem}.[0-9]*"):
        partial.unlink(missing_ok=True)


def _seal(contents: Sequence[bytes], row: bytes) -> bytes:
    parts = (_code(), *(blake2b(content).digest() for content in contents), row)
    return blake2b(b"".join(parts), digest_size=_SEAL).digest()


@cache
def _code() -> bytes:
    package = Path(__file__).parent
    return blake2b(b"".join(file.read_bytes() for file in sorted(package.rglob("*.py")))).digest()
