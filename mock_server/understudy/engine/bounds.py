"""Bounds: how much a server keeps of all that grows, and the refusal at the end of each.

`--bound NAME=N` moves one. Must not know what is kept, nor how a refusal is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

import msgspec

from understudy.messages import suggest

MEGABYTE = 1 << 20
Count = Annotated[int, msgspec.Meta(ge=1)]


class Full(Exception):
    """A bound is reached: the message says which, what makes room, and which flag moves it."""

    def __init__(self, held: str, remedy: str, flag: str) -> None:
        super().__init__(f"{held}, which is the bound; {remedy}, or start the server with --bound {flag}=N")


class Bounds(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The bounds of one server: at their end journal and outbox drop the oldest, and all else is refused with 507."""

    worlds: Count = 10_000
    """Worlds, the default one included."""
    journal: Count = 1000
    """Exchanges in the journal of one world."""
    journal_bytes: Count = 16 * MEGABYTE
    """Bytes of the exchanges over 16 kB in the journal of one world."""
    all_journals_bytes: Count = 256 * MEGABYTE
    """Bytes of the exchanges in all journals; the worlds that were idle longest lose theirs."""
    faults: Count = 1000
    """Faults of one world."""
    all_faults_bytes: Count = 64 * MEGABYTE
    """Bytes of the bodies and headers of all worlds' faults."""
    outbox: Count = 10_000
    """Mails in the outbox of one tenant."""
    jobs: Count = 100_000
    """Scheduled jobs of one world."""
    state_bytes: Count = 2048 * MEGABYTE
    """Bytes of the records that all worlds hold beyond what they were made with."""
    control_bytes: Count = 64 * MEGABYTE
    """Bytes of a request body of the control API, such as a state."""


NAMES = tuple(field.encode_name for field in msgspec.structs.fields(Bounds))


def parse(texts: Iterable[str]) -> Bounds:
    """The usual bounds with what `NAME=N` texts say; raises ValueError for an unknown name or no number from 1 on."""
    values = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in NAMES:
            raise ValueError(
                f"--bound {text}: there is no bound {name}{suggest(name, NAMES)}; known: {', '.join(NAMES)}"
            )
        if not re.fullmatch("0*[1-9][0-9]{0,17}", number, re.ASCII):
            given = repr(number) if number else "nothing"
            raise ValueError(f"--bound {text}: {given} is not a whole number from 1 to 10^18 - 1")
        values[name] = int(number)
    return msgspec.convert(values, Bounds)
