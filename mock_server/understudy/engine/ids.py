"""Seeded ids in each vendor's own format: the same seed and count give the same id.

An id is a digest of (seed, count), so that a fork copies two values. Must not know any API.
"""

from __future__ import annotations

import secrets
import string
from hashlib import blake2b

BASE62 = bytes((string.digits + string.ascii_letters).encode()[n % 62] for n in range(256))
BASE36 = bytes((string.digits + string.ascii_lowercase).encode()[n % 36] for n in range(256))
HEX = bytes(string.hexdigits[:16].encode()[n % 16] for n in range(256))


LAST = (1 << 53) - 1  # the largest integer that every JSON parser reads exactly (RFC 8259, 6)


class Ids:
    """A stream of ids, named by `seed`; `count` ids were taken. After LAST, a new stream follows."""

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
        """An independent copy of this stream, or a new stream named `seed`."""
        return Ids(self.seed, self.count) if seed is None else Ids(seed)


def digest(text: str, length: int, alphabet: bytes = BASE62) -> str:
    """An id that depends on `text` alone."""
    return blake2b(text.encode(), digest_size=length).digest().translate(alphabet).decode()


def secret(length: int) -> str:
    """An unguessable hexadecimal token of `length` bytes: the control token, which must not follow from the seed."""
    return secrets.token_hex(length)
