"""Bounds: limits on all that a server stores, and the refusal when one is reached.

`--bound NAME=N` changes one. Must not know what is stored, nor how a refusal is rendered.
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
    """A bound is reached. The message names it, what frees space, and the flag that changes it."""

    status = 507

    def __init__(self, held: str, remedy: str, flag: str) -> None:
        super().__init__(f"{held}, which is the bound; {remedy}, or start the server with --bound {flag}=N")


class TooManyWorlds(Full):
    """There is no room for another world."""

    status = 429

    def __init__(self, held: str, remedy: str) -> None:
        Exception.__init__(self, f"{held}, which is the most; {remedy}, or start the server with --max-worlds N")


class Bounds(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The bounds of one server. Over a bound, journal and outbox drop the oldest; the rest is refused (`Full`)."""

    worlds: Count = 10_000
    """Worlds, the default one included; also `--max-worlds`."""
    journal: Count = 1000
    """Exchanges in the journal of one world."""
    journal_bytes: Count = 16 * MEGABYTE
    """Bytes of the exchanges over 16 kB in the journal of one world."""
    all_journals_bytes: Count = 256 * MEGABYTE
    """Bytes of the exchanges in all journals; the worlds idle longest lose theirs first."""
    faults: Count = 1000
    """Faults of one world."""
    all_faults_bytes: Count = 64 * MEGABYTE
    """Bytes of the bodies and headers of all worlds' faults."""
    outbox: Count = 10_000
    """Mails in the outbox of one tenant."""
    jobs: Count = 100_000
    """Scheduled jobs of one world."""
    state_bytes: Count = 2048 * MEGABYTE
    """Bytes of the records added to all worlds since they were made."""
    control_bytes: Count = 64 * MEGABYTE
    """Bytes of a request body of the control API, such as a state."""


NAMES = tuple(field.encode_name for field in msgspec.structs.fields(Bounds))


def parse(texts: Iterable[str]) -> Bounds:
    """The default bounds, changed by texts `NAME=N`; raises ValueError for an unknown name or an invalid number."""
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
