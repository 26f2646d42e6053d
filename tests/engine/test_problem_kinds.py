"""The problem kinds that handlers raise are checked when an API is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy import apis, data
from understudy.apis import control
from understudy.document import kinds
from understudy.document.compile import PIPELINE_KINDS, load

SHARED = sorted((Path(kinds.__file__).parent).glob("*.py"))


def faults(folder: Path, source: str, *events: object) -> list[str]:
    """Return the problems with the kinds in a file; the document has `full` and `empty`, the control API `refused`."""
    file = folder / "toy.py"
    file.write_text(source)
    return kinds.unknown("toy", [file], known=("full", "empty"), events=events, event_kinds=("refused",))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test a cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('raise Problem("full")', []),
        ('raise Problem("ful")', ["toy.py:1: ful is no kind of x-errors; did you mean full?"]),
        ('\n\nraise api.Problem(kind="zzz")', ["toy.py:3: zzz is no kind of x-errors"]),
        ('raise Problem("full" if x else "empt")', ["toy.py:1: empt is no kind of x-errors; did you mean empty?"]),
        ("def f(kind):\n    raise Problem(kind)", ["toy.py:2: the kind of a Problem must be a literal text"]),
        ("raise Problem(5)", ["toy.py:1: the kind of a Problem must be a literal text"]),
        ("class A:\n    def f(self):\n        return lambda: Problem('no')", ["toy.py:3: no is no kind of x-errors"]),
        ("find_record(call, 'toys', id, 'ful')", ["toy.py:1: ful is no kind of x-errors; did you mean full?"]),
        (
            "raise missing(call, 'toys', id, kind='empt')",
            ["toy.py:1: empt is no kind of x-errors; did you mean empty?"],
        ),
        ("raise missing(call, 'toys', id, 'full')", []),
        ("class Problem(Exception): ...\nProblem()\nOther('x')", []),
    ],
)
def test_each_kind_is_a_literal_that_the_document_knows(tmp_path: Path, source: str, told: list[str]) -> None:
    """A misspelt kind is reported with its position and the nearest one; a computed kind is reported too."""
    assert faults(tmp_path, source) == told


def test_events_raise_kinds_of_the_control_api(tmp_path: Path) -> None:
    """An event raises kinds of the control API, through other functions too; all else raises the API's own."""
    source = """
def handler(call): raise Problem("refused")
def event(call): return TABLE[0](call)
def helper(call): raise Problem("refused")
def other(call): raise Problem("full")
TABLE = [helper, other]
"""

    def event() -> None:
        """A stand-in for the event of the source."""

    event.__qualname__ = "event.<locals>.inner"
    assert faults(tmp_path, source, event) == [
        "toy.py:2: refused is no kind of x-errors",
        "toy.py:5: full is no kind of x-errors",
    ]
    assert faults(tmp_path, source.replace("TABLE[0]", "print"), event, object()) == [
        "toy.py:2: refused is no kind of x-errors",
        "toy.py:4: refused is no kind of x-errors",
    ]


@pytest.mark.parametrize("name", [*apis.NAMES, "control"])
def test_a_misspelt_kind_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """A wrong kind in any file of an API is refused at start, with its position."""
    files = apis.sources(name)
    assert all(name in (file.stem, file.parent.name) for file in files)
    copies = [tmp_path / file.name for file in files]
    for file, copy in zip(files, copies, strict=True):
        copy.write_bytes(file.read_bytes() + b"\n\ndef added(): raise Problem('unknown-rout')\n")
    monkeypatch.setattr(apis, "sources", lambda name: copies)
    with pytest.raises(ValueError, match=rf"^{name}\.yaml: ") as error:
        apis.declare(name) if name in apis.NAMES else control.contract.__wrapped__()
    assert str(error.value).count("unknown-rout is no kind of x-errors; did you mean unknown-route?") == len(copies)


def test_the_shared_steps_raise_kinds_that_every_api_has() -> None:
    """Code outside `apis` raises only kinds that every document declares, or checked ones."""
    for path in SHARED:
        for one in kinds.definitions(path.name, path.read_bytes()):
            for _, kind in one.kinds:
                assert kind in PIPELINE_KINDS or (path.name, kind) == ("ratelimit.py", kinds.NO_LITERAL), path


def test_the_control_api_knows_how_to_refuse_an_event() -> None:
    """The control document declares the kinds that events may raise."""
    assert set(apis.EVENT_KINDS) <= load("control", data.path("openapi/control.yaml")).errors.keys()
