"""What is wrong in a user's document or not understood, each place with its line; examples are checked, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from understudy.document.answers import Answers
from understudy.document.contract import Contract
from understudy.document.files import Files
from understudy.document.lines import Lines
from understudy.document.normal import UnsupportedDocument, normalized
from understudy.document.notice import Notice
from understudy.document.open_world import compile_own, compiled
from understudy.document.parts import Example
from understudy.document.pointer import at
from understudy.document.read import Unreadable
from understudy.document.sample import NoValue
from understudy.document.views import Views
from understudy.messages import shorten


class Finding(NamedTuple):
    """One problem of a document; `wrong` is False for what is legal, and not understood. Lines count from 1."""

    file: str
    line: int
    pointer: str
    text: str
    wrong: bool


def lint(path: Path, name: str = "own") -> list[Finding]:
    """The problems of the document in a file, and what is not understood in it, by file and line.

    `name` is that of its API, with which the ids of its rules begin.
    """
    try:
        files = Files(path)
        normal = normalized(files)
    except (Unreadable, UnsupportedDocument) as error:
        known = re.fullmatch(r".*?:(\d+): (.*)", str(error), re.DOTALL)
        line, text = (int(known[1]), known[2]) if known else (1, str(error))
        return [Finding(path.name, line, "", text, wrong=True)]
    contract, others = compile_own(normal.document, name, source=files.name)
    examples = _wrong_examples(contract, normal.examples)
    notices = [*normal.notices, *others, *examples, *_unanswered(contract, files.name)]
    lines = {file: Lines(content) for file, content in files.bytes.items()}
    found = [Finding(n.file, lines[n.file].of(n.pointer), n.pointer, n.text, n.wrong) for n in dict.fromkeys(notices)]
    return sorted(found, key=lambda one: (one.file != files.name, one.file, one.line))


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
