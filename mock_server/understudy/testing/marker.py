"""The marker of a test: how its world starts. Wrong arguments are told with the nearest right ones."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from understudy.messages import shorten, suggest
from understudy.testing.errors import ControlError
from understudy.testing.faults import WorldFaults
from understudy.testing.server import MockServer
from understudy.testing.world import WorldHandle

Json = Any
NAME = "understudy"
TYPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "seed": ("a text", (str,)),
    "seed_data": ("a dict of records by API", (dict,)),
    "clock": ("'real', 'frozen', or a time", (str, datetime)),
    "assume": ("a dict of values by assumption", (dict,)),
    "faults": ("a list of dicts", (list, tuple)),
    "recordings": ("a list of files", (list, tuple)),
}
FAULT = tuple(inspect.signature(WorldFaults.add).parameters)[1:]


class BadMarker(Exception):
    """A marker with wrong arguments; the message is one line."""


def merged(markers: Iterable[tuple[Sequence[Any], Mapping[str, Any]]]) -> dict[str, Any]:
    """The options of a test, from the arguments of its markers, the nearest first. Raises BadMarker."""
    options: dict[str, Any] = {}
    for arguments, named in markers:
        check(arguments, named)
        options = {**named, **options}
    return options


def check(arguments: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Raise BadMarker for an argument that the marker does not take."""
    if arguments:
        raise BadMarker(f"{shorten(arguments[0])} has no name; the marker takes {', '.join(TYPES)}")
    for name, value in named.items():
        if name not in TYPES:
            raise BadMarker(f"{name} is no argument{suggest(name, TYPES)}; the marker takes {', '.join(TYPES)}")
        expected, types = TYPES[name]
        if not isinstance(value, types):
            raise BadMarker(f"{name} is {shorten(value)}, and not {expected}")
    for fault in named.get("faults", ()):
        _check_fault(fault)


def world_for(server: MockServer, options: Mapping[str, Any], documents: Sequence[str] = ()) -> WorldHandle:
    """A new world as a marker says. Raises BadMarker with the server's message for what does not fit.

    `documents` are those that recordings may be of.
    """
    starts = {name: value for name, value in options.items() if name not in ("faults", "recordings")}
    if options.get("recordings"):
        starts = {**_recorded(options["recordings"], documents), **starts}
    try:
        world = server.world(**starts)
    except ControlError as refused:
        raise BadMarker(str(refused)) from None
    for fault in options.get("faults", ()):
        try:
            world.faults.add(**fault)
        except ControlError as refused:
            world.close()
            raise BadMarker(f"faults: {refused}") from None
    return world


def _recorded(files: Sequence[str], documents: Sequence[str]) -> dict[str, Any]:
    """How a world starts that recordings show. Raises BadMarker."""
    from understudy.testing.recordings import start_of

    try:
        return start_of([str(one) for one in files], documents)
    except ValueError as error:
        raise BadMarker(f"recordings: {error}") from None


def _check_fault(fault: Any) -> None:
    if not isinstance(fault, dict):
        raise BadMarker(f"faults has {shorten(fault)}, and not a dict such as {{'status': 503, 'times': 2}}")
    for name in fault:
        if name not in FAULT:
            raise BadMarker(f"faults: {name} is no member{suggest(str(name), FAULT)}; known: {', '.join(FAULT)}")
    if "status" not in fault:
        raise BadMarker(f"faults: {shorten(fault)} has no status")
