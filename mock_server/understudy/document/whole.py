"""A user's document as a whole: its files, with its overlays, in the normal form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from understudy.document.files import Files
from understudy.document.merged import merged
from understudy.document.normal import Normal, check_version, normalized
from understudy.document.notice import Notice
from understudy.document.origins import Origins
from understudy.document.overlaid import overlaid
from understudy.document.overlay import Overlay
from understudy.document.pointer import Json


class Whole(NamedTuple):
    """A document: its files, its normal form, and where the parts of it come from.

    `before` is the document without its overlays, `after` with them. `odd` tells what is odd in the overlays.
    """

    files: Files
    normal: Normal
    origins: Origins
    before: Json
    after: Json
    odd: list[Notice]


def whole(path: Path, overlays: Sequence[Overlay] = ()) -> Whole:
    """The document in a file; raises Unreadable, UnsupportedDocument, and BadOverlay."""
    files = Files(path)
    if not overlays:
        return Whole(files, normalized(files), Origins(files.name), files.root, files.root, [])
    check_version(files.root, files.name)
    before, origins = files.root, Origins(files.name)
    if _refers_to_files(before):
        before, origins = merged(files, normalized(files).names)
    after, origins, odd = overlaid(before, overlays, origins, source=path)
    files.replace_root(after)
    return Whole(files, normalized(files), origins, before, after, odd)


def seen(found: Whole) -> Json:
    """A document as a further overlay sees it."""
    is_one = found.before is not found.after or not _refers_to_files(found.after)
    return found.after if is_one else merged(found.files, found.normal.names)[0]


def _refers_to_files(document: Json) -> bool:
    """Whether a reference in a document leads out of it."""
    waiting, seen = [document], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            reference = value.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                return True
            children = list(value.values())
        else:
            children = value
        for child in children:
            if isinstance(child, dict | list) and id(child) not in seen:
                seen.add(id(child))
                waiting.append(child)
    return False
