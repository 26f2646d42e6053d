"""What is wrong beside a user's document: in resources, overlays, seeds and handlers. Each is a line of text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from understudy.apis.handlers import BadHandlers
from understudy.apis.own import Own, WrongDeclaration, declare
from understudy.document.lines import Lines
from understudy.document.normal import UnsupportedDocument
from understudy.document.overlay import is_overlay, read_overlay
from understudy.document.read import Unreadable, read
from understudy.document.seed_file import Start
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds

_HEADS = ("openapi", "swagger")
_HEAD = re.compile(rb"""^["']?(openapi|swagger)["']?\s*:|\A\s*\{[^{}]*"(openapi|swagger)"\s*:""", re.MULTILINE)


def kind_of(path: Path) -> str:
    """What a file is by its content: an `overlay`, a `seed` (another mapping, or nothing), else a `document`."""
    try:
        if _HEAD.search(path.read_bytes()):
            return "document"
        content = read(path)
    except (OSError, Unreadable):
        return "document"
    if is_overlay(content):
        return "overlay"
    is_seed = content is None or (isinstance(content, dict) and not any(head in content for head in _HEADS))
    return "seed" if is_seed else "document"


def lint_overlay(path: Path) -> Iterator[str]:
    """A line for each problem of an overlay without a document."""
    try:
        read_overlay(path)
    except Unreadable as error:
        yield from str(error).splitlines()


def lint_beside(own: Own, seeds: Sequence[Path]) -> Iterator[str]:
    """A line for each problem: FILE:LINE: POINTER: TEXT, or FILE:LINE: TEXT in Python."""
    try:
        api, _ = declare(replace(own, seed=None))
    except WrongDeclaration as error:
        for file, pointer, text, _ in error.notices:
            path = Path(os.path.normpath(own.file.parent / file))
            yield f"{path}:{Lines(path.read_bytes()).of(pointer)}: {pointer or '/'}: {text}"
    except BadHandlers as error:
        yield from str(error).splitlines()
        yield from lint_beside(replace(own, handlers=None), seeds)
    except (Unreadable, UnsupportedDocument):  # told where the document is linted
        return
    else:
        for seed in seeds:
            yield from _lint_seed(api, seed)


def _lint_seed(api: Api, seed: Path) -> Iterator[str]:
    try:
        Worlds([replace(api, start=Start(read(seed), seed))], seeds={})
    except Unreadable as error:
        yield from str(error).splitlines()
