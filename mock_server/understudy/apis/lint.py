"""What is wrong in what stands beside a user's document: its resources, seeds and handlers. Each is a line of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from understudy.apis.handlers import BadHandlers
from understudy.apis.own import Own, declare
from understudy.document.compile import ContractError
from understudy.document.lines import Lines
from understudy.document.normal import UnsupportedDocument
from understudy.document.read import Unreadable, read
from understudy.document.seed_file import Start
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds

_HEADS = ("openapi", "swagger")
_HEAD = re.compile(rb"""^["']?(openapi|swagger)["']?\s*:|\A\s*\{[^{}]*"(openapi|swagger)"\s*:""", re.MULTILINE)


def is_seed(path: Path) -> bool:
    """Whether a file is no document: a mapping, or nothing, that does not say that it is one."""
    try:
        if _HEAD.search(path.read_bytes()):
            return False
        content = read(path)
    except (OSError, Unreadable):
        return False
    return content is None or (isinstance(content, dict) and not any(head in content for head in _HEADS))


def lint_beside(own: Own, seeds: Sequence[Path]) -> Iterator[str]:
    """A line for each problem: FILE:LINE: POINTER: TEXT, or FILE:LINE: TEXT in Python."""
    try:
        api, _ = declare(replace(own, seed=None))
    except ContractError as error:
        lines = Lines(own.file.read_bytes())
        for pointer, text in dict.fromkeys(error.diagnostics):
            yield f"{own.file}:{lines.of(pointer)}: {pointer or '/'}: {text}"
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
