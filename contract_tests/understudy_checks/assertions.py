"""Keeps the assert statements of the kit under `python -O`: its verdicts are made of them.

Must not import anything of the kit, and holds no assert of its own: it is compiled before it can help.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType


class AssertingLoader(SourceFileLoader):
    """Compiles a module with its assertions; cached bytecode is not read, because it may have none."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of a module, compiled from its source."""
        path = self.get_filename(fullname)
        code: CodeType = compile(self.get_data(path), path, "exec", dont_inherit=True, optimize=0)
        return code


class AssertingFinder(MetaPathFinder):
    """Finds the modules below one package, and has them compiled with their assertions."""

    def __init__(self, package: str) -> None:
        self.prefix = f"{package}."

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module below the package; None for any other."""
        if not fullname.startswith(self.prefix):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = AssertingLoader(fullname, spec.loader.path)
        return spec


def keep_assertions(package: str, optimize: int = sys.flags.optimize) -> None:
    """Have what is imported below a package from now on compiled with its assertions, where Python leaves them out.

    Comes after finders that others put first, as pytest's, which rewrites assertions whatever the flags are.
    """
    if optimize:
        sys.meta_path.insert(sys.meta_path.index(PathFinder), AssertingFinder(package))
