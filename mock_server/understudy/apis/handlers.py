"""Handlers of a user's document: plain functions by operationId, or by `METHOD /path` in a table HANDLERS.

A table SERVED has functions that make of a stored record, by resource, what answers show.
The file or module that a user names is run here, and no other Python of a user is. Must not know how an API is
declared otherwise.
"""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from understudy.document.contract import Contract
from understudy.document.kinds import NO_LITERAL, definitions
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.ids import HEX, digest
from understudy.engine.store import encode
from understudy.messages import closest, suggest
from understudy.resources.shown import Function

TABLE, SERVED = "HANDLERS", "SERVED"
_PACKAGE = __name__.partition(".")[0]
_ONE = "a handler is a function with one argument, the Call"
_TWO = "what makes the form that answers show is a function with two arguments, the Call and the record"


class BadHandlers(Exception):
    """Python that cannot be run, or that names no operation; one line for each problem."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """Handlers by operationId, what makes the form of records by resource, and the files that were run."""

    by_operation: Mapping[str, Handler]
    served: Mapping[str, Function]
    files: tuple[Path, ...]


def load(target: str, contract: Contract) -> Handlers:
    """The handlers in a Python file, or in a module by its dotted name. Raises BadHandlers."""
    module, files = run(target)
    finder = _Finder(module, contract)
    handlers, problems = finder.handlers()
    served, wrong = finder.served()
    problems += wrong
    problems += [problem for file in files for problem in _wrong_kinds(file, contract)]
    if problems:
        raise BadHandlers("\n".join(problems))
    return Handlers({id: _completed(handler) for id, handler in handlers.items()}, served, files)


def run(target: str) -> tuple[ModuleType, tuple[Path, ...]]:
    """Run a Python file, or import a module; returns it with the files that were run. Raises BadHandlers.

    Modules beside it can be imported.
    """
    path, before = Path(target), set(sys.modules)
    if target.endswith(".py") or "/" in target or path.is_file():
        folder = path.absolute().parent
        module = _run_file(path, folder)
    else:
        folder = Path.cwd()
        module = _import(target, folder)
    new = [name for name in sys.modules if name not in before and name.partition(".")[0] != _PACKAGE]
    own = [_file_of(module), *(_file_of(sys.modules[name]) for name in new)]
    files = dict.fromkeys(_shown(file) for file in own if file is not None and _is_below(file, folder))
    return module, tuple(files)


def _run_file(path: Path, folder: Path) -> ModuleType:
    try:
        source = path.read_bytes()
    except OSError as error:
        near = closest(path.name, [one.name for one in folder.glob("*.py")])
        hint = f"; did you mean {path.with_name(near)}?" if near else ""
        raise BadHandlers(f"{path}: {error.strerror}{hint}") from error
    module = ModuleType(f"{path.stem}_{digest(str(path.absolute()), 8, HEX)}")
    module.__file__ = str(path.absolute())
    sys.modules[module.__name__] = module  # dataclasses and pickle look there
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # a module can import its neighbours, which replace nothing that is installed
    with _Told(path, folder, module.__name__):
        exec(compile(source, str(path.absolute()), "exec"), module.__dict__)  # noqa: S102 - the user named this file
    return module


def _import(name: str, folder: Path) -> ModuleType:
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))  # as `python -m` does: what is named here need not be installed
    invalidate_caches()
    try:
        with _Told(Path(f"{name.replace('.', '/')}.py"), folder, name):
            return import_module(name)
    except BadHandlers as error:
        cause = error.__cause__
        if isinstance(cause, ModuleNotFoundError) and (cause.name or "") in (name, name.partition(".")[0]):
            raise BadHandlers(f"{name}: there is no such module, and no file of this name") from cause
        raise


class _Told:
    """Turns what the block raises into BadHandlers: one line with file and line."""

    def __init__(self, path: Path, folder: Path, name: str) -> None:
        self._path, self._folder, self._name = path, folder, name

    def __enter__(self) -> None:
        """Nothing is to be done."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Turn an exception or SystemExit of the block into BadHandlers."""
        if isinstance(error, Exception | SystemExit):
            sys.modules.pop(self._name, None)
            text = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
            raise BadHandlers(f"{self._place(error)}: {type(error).__name__}: {text[:300]}") from error

    def _place(self, error: BaseException) -> str:
        """The line of the user's own code that was run last."""
        if isinstance(error, SyntaxError) and error.filename and error.lineno:
            return f"{_shown(Path(error.filename))}:{error.lineno}"
        frames = [
            f
            for f in traceback.extract_tb(error.__traceback__)
            if _is_below(Path(f.filename), self._folder) and f.lineno
        ]
        return f"{_shown(Path(frames[-1].filename))}:{frames[-1].lineno}" if frames else str(self._path)


class _Finder:
    """Finds the handlers of a module."""

    def __init__(self, module: ModuleType, contract: Contract) -> None:
        self._module = module
        self._operations = contract.operations
        self._resources: Mapping[str, Any] = contract.document.get("x-resources", {})
        self._routes = {_route(f"{one.method} {one.path}"): one for one in contract.operations.values()}
        self._file = _shown(Path(module.__file__ or module.__name__))

    def handlers(self) -> tuple[dict[str, Callable[..., Any]], list[str]]:
        """The handlers by operationId, and what is wrong."""
        table = vars(self._module).get(TABLE, {})
        if not isinstance(table, Mapping):
            return {}, [f"{self._place(TABLE)}: {TABLE} is no mapping from operations to functions"]
        found: dict[str, Callable[..., Any]] = {}
        problems: list[str] = []
        for key, value in [*table.items(), *self._functions(table)]:
            id, place = self._operation(str(key)), self._place(str(key), value)
            if id is None:
                problems.append(f"{place}: {key} is no operation{self._nearest(str(key))}")
            elif id in found:
                problems.append(f"{place}: operation {id} has two handlers")
            elif (wrong := _misfit(value)) is not None:
                problems.append(f"{place}: {key} {wrong}; {_ONE}")
            else:
                found[id] = value
        return found, problems

    def served(self) -> tuple[dict[str, Callable[..., Any]], list[str]]:
        """The functions of the table SERVED by resource, and what is wrong."""
        table, problems = vars(self._module).get(SERVED, {}), []
        if not isinstance(table, Mapping):
            return {}, [f"{self._place(SERVED)}: {SERVED} is no mapping from resources to functions"]
        for name, value in table.items():
            if name not in self._resources:
                near = suggest(str(name), self._resources)
                problems.append(f"{self._place(str(name))}: {name} is no resource of the document{near}")
            elif (wrong := _misfit(value, None, None)) is not None:
                problems.append(f"{self._place(str(name))}: {name} {wrong}; {_TWO}")
        return {str(name): value for name, value in table.items()}, problems

    def _functions(self, table: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
        """The public functions of the module, and what it imports under the name of an operation."""
        served = vars(self._module).get(SERVED, {})
        forms = list(served.values()) if isinstance(served, Mapping) else []
        for name, value in vars(self._module).items():
            own = inspect.isfunction(value) and value.__module__ == self._module.__name__ and name[0] != "_"
            if (own and value not in (*table.values(), *forms)) or (callable(value) and name in self._operations):
                yield name, value

    def _operation(self, key: str) -> str | None:
        if key in self._operations:
            return key
        known = self._routes.get(_route(key))
        return None if known is None else known.id

    def _nearest(self, key: str) -> str:
        routes = [f"{one.method} {one.path}" for one in self._operations.values()]
        near = suggest(key, routes if " " in key else self._operations)
        return near if near or " " in key else "; a function that is no handler begins with _"

    def _place(self, key: str, value: object = None) -> str:
        """The file, and the line where a function or a key of the table stands."""
        if inspect.isfunction(value) and value.__module__ == self._module.__name__ and value.__name__ == key:
            return f"{self._file}:{value.__code__.co_firstlineno}"
        lines = Path(self._file).read_text(encoding="utf-8", errors="replace").splitlines()
        return f"{self._file}:{next((number for number, line in enumerate(lines, 1) if key in line), 1)}"


def _route(text: str) -> str:
    """`METHOD /path` with the names of the parameters left out."""
    method, _, path = text.partition(" ")
    return f"{method.upper()} {re.sub(r'[{][^{}/]*[}]', '{}', path.strip())}"


def _misfit(value: object, *arguments: object) -> str | None:
    """Why something cannot be a handler, or a function of these arguments."""
    if not callable(value) or isinstance(value, type):
        return "is no function"
    if inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        return "is async, or a generator; handlers never wait"
    try:
        inspect.signature(value).bind(*(arguments or (None,)))
    except TypeError:
        return f"takes {inspect.signature(value)}"
    except ValueError:  # a builtin without a signature
        return None
    return None


def _completed(function: Callable[..., Any]) -> Handler:
    """A handler that may return JSON: a value alone, or as the body of a Reply."""

    def handle(call: Call) -> Reply:
        result = function(call)
        if type(result) is not Reply:
            return Reply(b"" if result is None else encode(result))
        body: Any = result.body
        if isinstance(body, bytes) or hasattr(body, "slice"):  # a listing, which is paged later
            return result
        return msgspec.structs.replace(result, body=encode(body))

    return handle


def _wrong_kinds(file: Path, contract: Contract) -> Iterator[str]:
    """The kinds of Problem in a source that the document does not have."""
    for one in definitions(file.name, file.read_bytes()):
        for line, kind in one.kinds:
            if kind != NO_LITERAL and kind not in contract.errors:
                yield f"{file}:{line}: there is no kind of problem {kind}{suggest(kind, contract.errors)}"


def _file_of(module: object) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file) if isinstance(file, str) else None


def _is_below(file: Path, folder: Path) -> bool:
    """Whether a file is the user's own: in the folder, and not installed there."""
    return file.is_relative_to(folder) and "site-packages" not in file.parts and file.suffix == ".py"


def _shown(file: Path) -> Path:
    """A path as messages show it: relative where it stands below the present folder."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
