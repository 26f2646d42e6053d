"""Seeded ids in each vendor's own shape: the same seed and count give the same id.

An id is a digest of (seed, count), so a fork or a snapshot copies two values. Must not know which API asks.
"""

from __future__ import annotations

import secrets
import string
from hashlib import blake2b

BASE62 = bytes((string.digits + string.ascii_letters).encode()[n % 62] for n in range(256))
BASE36 = bytes((string.digits + string.ascii_lowercase).encode()[n % 36] for n in range(256))
HEX = bytes(string.hexdigits[:16].encode()[n % 16] for n in range(256))


LAST = (1 << 53) - 1  # the largest whole number that every reader of JSON keeps exactly


class Ids:
    """A stream of ids. `seed` names the stream, `count` is how many were taken; behind LAST another stream goes on."""

    __slots__ = ("count", "seed")

    def __init__(self, seed: str, count: int = 0) -> None:
        self.seed = seed
        self.count = count

    def take(self, length: int, alphabet: bytes = BASE62) -> str:
        """The next id: `length` (at most 64) characters of `alphabet`, a 256-byte translation table."""
        if self.count >= LAST:
            self.seed, self.count = f"{self.seed}+", 0
        self.count += 1
        return digest(f"{self.seed}/{self.count}", length, alphabet)

    def fork(self, seed: str | None = None) -> Ids:
        """The same stream going its own way, or a fresh one named `seed`."""
        return Ids(self.seed, self.count) if seed is None else Ids(seed)


def digest(text: str, length: int, alphabet: bytes = BASE62) -> str:
    """An id that follows from `text` alone."""
    return blake2b(text.encode(), digest_size=length).digest().translate(alphabet).decode()


def secret(length: int) -> str:
    """A text that nobody can guess, for the one thing that must not follow from the seed: a control token."""
    return secrets.token_hex(length)
