"""Recording files: read in any format, and written so that what is there is whole at any time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from understudy.document.read import Unreadable
from understudy.messages import suggest
from understudy.recording import cassette, har
from understudy.recording.message import NoAnswer, Odd
from understudy.recording.recorded import Recorded, Recording
from understudy.recording.tree import Tree, parse, read_tree

Json = Any
MOST_DECODED = 1 << 29
"""The most bytes that the decoded bodies of one file may have."""

FORMATS = ("yaml", "json", "betamax", "har")
_BY_ENDING = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".har": "har"}


def load(path: Path) -> Recording:
    """Load a recording; raises Unreadable for a file that is none, or of another version."""
    return _recording(path, read_tree(path))


def loads(content: bytes, name: str = "recording") -> Recording:
    """The recording in a text; raises Unreadable."""
    return _recording(Path(name), parse(content, name))


def dumps(exchanges: Iterable[Recorded], form: str) -> str:
    """The text of a recording in one of FORMATS; raises Odd for what the format cannot hold."""
    return "".join((start(form), *items(exchanges, form), end(form)))


def format_for(path: Path) -> str:
    """The format that the ending of a name says; raises ValueError for another ending."""
    form = _BY_ENDING.get(path.suffix.lower())
    if form is None:
        near = suggest(path.suffix.lower(), _BY_ENDING)
        raise ValueError(f"{path}: a recording ends with {', '.join(_BY_ENDING)}{near}")
    return form


def start(form: str) -> str:
    """The text before the first exchange."""
    if form == "yaml":
        return "version: 1\ninteractions:\n"
    if form == "har":
        return json.dumps({"log": har.HEAD})[:-2] + ', "entries": [\n'
    if form == "betamax":
        return '{"recorded_with": "betamax/0.9.0", "http_interactions": [\n'
    return '{"version": 1, "interactions": [\n'


def items(exchanges: Iterable[Recorded], form: str) -> Iterator[str]:
    """The text of each exchange, with what separates it from the one before. Raises Odd."""
    count = 0
    for exchange in exchanges:
        yield item(exchange, form, first=not count)
        count += 1
    if form == "yaml" and not count:
        yield "  []\n"


def item(exchange: Recorded, form: str, *, first: bool) -> str:
    """The text of one exchange. Raises Odd."""
    if form == "yaml":
        return cassette.dump_yaml([cassette.vcr_interaction(exchange, binary=True)])
    value = _WRITERS[form](exchange)
    return ("" if first else ",\n") + json.dumps(value, ensure_ascii=False)


def end(form: str) -> str:
    """The text behind the last exchange."""
    return {"yaml": "", "har": "\n]}}\n"}.get(form, "\n]}\n")


_WRITERS: dict[str, Callable[[Recorded], Json]] = {
    "json": lambda exchange: cassette.vcr_interaction(exchange, binary=False),
    "betamax": cassette.betamax_interaction,
    "har": har.entry,
}


def _recording(path: Path, tree: Tree) -> Recording:
    is_har = tree.member == "entries"
    try:
        (har if is_har else cassette).check_head(tree.head)
    except Odd as error:
        raise Unreadable(f"{path}: {error}") from error
    partial = tree.head.get("partial") is True
    exchanges, problems = [], list(tree.problems)
    decoded, left_out = 0, Counter[str]()
    for number, value in tree.items:
        if decoded > MOST_DECODED:
            text = f"the bodies before it have more than {MOST_DECODED:,} bytes when they are decoded"
            problems.append(f"{path}:{tree.line(number)}: interaction {number}: {text}; the rest is left out")
            break
        try:
            one = har.read_entry(value, number) if is_har else cassette.read_interaction(value, number, partial=partial)
        except NoAnswer as error:
            left_out[str(error)] += 1
        except Odd as error:
            problems.append(f"{path}:{tree.line(number)}: interaction {number}: {error}")
        else:
            exchanges.append(one)
            decoded += len(one.request.body) + len(one.response.body)
    return Recording(path, tuple(exchanges), tuple(problems), left_out)
