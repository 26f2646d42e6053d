"""Imports the modules of the kit's folders: `generic`, and each API's folder with its checks, mutants and probes.

Must not know what a module holds.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

_PACKAGE = __name__.rpartition(".")[0]


@cache
def modules(folder: str) -> tuple[ModuleType, ...]:
    """Import the modules of a folder (such as `nextstep.mutants`), sorted by name. Empty without such a folder."""
    path = Path(__file__).parent.joinpath(*folder.split("."))
    names = sorted(module.name for module in pkgutil.iter_modules([str(path)]) if not module.ispkg)
    return tuple(importlib.import_module(f"{_PACKAGE}.{folder}.{name}") for name in names)


@cache
def folders() -> tuple[str, ...]:
    """The names of the kit's folders, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.ispkg))
