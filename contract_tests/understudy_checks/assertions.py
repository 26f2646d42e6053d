"""Keeps the assert statements of the kit under `python -O`, because its verdicts depend on them.

Must not import anything of the kit nor contain an assert: this module itself is compiled without assertions.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType


class AssertingLoader(SourceFileLoader):
    """Compiles a module with its assertions. Ignores cached bytecode, which may lack them."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile a module from its source."""
        path = self.get_filename(fullname)
        code: CodeType = compile(self.get_data(path), path, "exec", dont_inherit=True, optimize=0)
        return code


class AssertingFinder(MetaPathFinder):
    """Finds the modules of one package and loads them with their assertions."""

    def __init__(self, package: str) -> None:
        self.prefix = f"{package}."

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the spec of a module in the package; None for any other module."""
        if not fullname.startswith(self.prefix):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = AssertingLoader(fullname, spec.loader.path)
        return spec


def keep_assertions(package: str, optimize: int = sys.flags.optimize) -> None:
    """Compile the modules of a package that are imported from now on with their assertions, under `python -O`.

    The finder stands after those of others, such as pytest's, which rewrites assertions under any flags.
    """
    if optimize:
        sys.meta_path.insert(sys.meta_path.index(PathFinder), AssertingFinder(package))
