"""What is wrong in a user's document or not understood, each place with its line; examples are checked, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from understudy.document.answers import Answers
from understudy.document.contract import Contract
from understudy.document.lines import Lines
from understudy.document.normal import UnsupportedDocument
from understudy.document.notice import Notice
from understudy.document.open_world import compile_own, compiled
from understudy.document.overlay import BadOverlay, beside, read_overlay
from understudy.document.parts import Example
from understudy.document.pointer import at
from understudy.document.read import Unreadable
from understudy.document.sample import NoValue
from understudy.document.views import Views
from understudy.document.whole import whole
from understudy.messages import shorten


class Finding(NamedTuple):
    """One problem of a document; `wrong` is False for what is legal, and not understood. Lines count from 1."""

    file: str
    line: int
    pointer: str
    text: str
    wrong: bool


class Linted(NamedTuple):
    """The problems of a document, and how many files it has, its overlays among them."""

    findings: list[Finding]
    files: int


def lint(path: Path, name: str = "own", overlays: Sequence[Path] = ()) -> Linted:
    """The problems of a document and its overlays, and what is not understood in them, by file and line.

    `name` is that of its API, with which the ids of its rules begin. The file of a finding is relative to the
    document's folder.
    """
    try:
        read = [read_overlay(one) for one in overlays]
        found = whole(path, read)
    except BadOverlay as error:
        return Linted([_in_overlay(path, error, *one) for one in error.problems], 1 + len(overlays))
    except (Unreadable, UnsupportedDocument) as error:
        return Linted([_unread(path, overlays, str(error))], 1 + len(overlays))
    files, normal, origins = found.files, found.normal, found.origins
    contract, others = compile_own(normal.document, name, source=files.name)
    examples = _wrong_examples(contract, normal.examples)
    notices = [*normal.notices, *others, *examples, *_unanswered(contract, files.name)]
    texts = {**files.bytes, **{beside(path, one.file): one.content for one in read}}
    lines = {file: Lines(content) for file, content in texts.items()}
    notices = list(dict.fromkeys([*found.odd, *origins.traced(notices)]))
    listed = [Finding(n.file, lines[n.file].of(n.pointer), n.pointer, n.text, n.wrong) for n in notices]
    return Linted(sorted(listed, key=lambda one: (one.file != files.name, one.file, one.line)), len(texts))


def _in_overlay(path: Path, error: BadOverlay, pointer: str, text: str) -> Finding:
    line = Lines(error.content).of(pointer)
    return Finding(beside(path, error.file), line, pointer, text, wrong=True)


def _unread(path: Path, overlays: Sequence[Path], message: str) -> Finding:
    """The problem of a file that cannot be read, by the message that begins with its name."""
    file = next((beside(path, one) for one in overlays if message.startswith(f"{one}:")), path.name)
    known = re.fullmatch(r".*?:(\d+): (.*)", message, re.DOTALL)
    line, text = (int(known[1]), known[2]) if known else (1, message)
    return Finding(file, line, "", text, wrong=True)


def _wrong_examples(contract: Contract, examples: list[Example]) -> Iterator[Notice]:
    """The examples that do not fit their schemas; one of a request needs no readOnly member."""
    views = Views(contract.document.get("components", {}).get("schemas", {}))
    for place, schema, value, direction in examples:
        error = next(iter(compiled(views.view(schema, direction)).iter_errors(value)), None)
        if error is not None:
            where = at(*error.instance_path) or "/"
            text = f"the example does not fit its schema: {where}: {shorten(error.message, 300)}"
            yield Notice(place.file, place.pointer, text)


def _unanswered(contract: Contract, file: str) -> Iterator[Notice]:
    """The responses that no value was found for."""
    answers = Answers(contract)
    for operation in contract.operations.values():
        for key in operation.responses:
            try:
                answers.of(operation, key)
            except NoValue as error:
                pointer = at("paths", operation.path, operation.method.lower(), "responses", key)
                yield Notice(file, pointer, f"no value was found that fits this response: {error}")
