"""An API as a folder: which of its files are which. Must not know what stands in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from understudy.document.read import Unreadable
from understudy.messages import closest

_TEXTS = (".yaml", ".yml", ".json")
_KNOWN = ("openapi", "overlay", "seed")
_PYTHON = ("handlers.py", "mutants.py", "checks.py")
_ALIKE = 0.8  # of a name that was probably meant to be one of these


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of an API's folder; None for one that is not there. `remarks` tell what is there and not read."""

    path: Path
    document: Path
    overlay: Path | None
    seed: Path | None
    handlers: Path | None
    mutants: Path | None
    checks: Path | None
    remarks: tuple[str, ...]


def find(path: Path) -> Folder:
    """The files of the folder at `path`; raises Unreadable for one without a document, or with one of them twice."""
    try:
        names = sorted(one.name for one in path.iterdir())
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    found = {stem: _only(path, [f"{stem}{end}" for end in _TEXTS if f"{stem}{end}" in names]) for stem in _KNOWN}
    if found["openapi"] is None:
        looked_for = " or ".join(f"openapi{end}" for end in _TEXTS)
        raise Unreadable(f"{path}: there is no {looked_for} in this folder")
    python = {name: path / name if name in names else None for name in _PYTHON}
    return Folder(
        path=path,
        document=found["openapi"],
        overlay=found["overlay"],
        seed=found["seed"],
        handlers=python["handlers.py"],
        mutants=python["mutants.py"],
        checks=python["checks.py"],
        remarks=tuple(_remarks(path, names)),
    )


def _only(path: Path, names: list[str]) -> Path | None:
    if len(names) > 1:
        raise Unreadable(f"{path}: there are {' and '.join(names)}, and only one of them can be meant")
    return path / names[0] if names else None


def _remarks(path: Path, names: Iterable[str]) -> Iterable[str]:
    if "recordings" in names:
        yield f"{path / 'recordings'}: the recordings of a folder are not read yet"
    known = {*_PYTHON, "recordings", *(f"{stem}{end}" for stem in _KNOWN for end in _TEXTS)}
    for name in names:
        meant = closest(name, sorted(known), _ALIKE) if name not in known else None
        if meant is not None:
            yield f"{path / name} is not read; did you mean {meant}?"
