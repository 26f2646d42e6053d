"""`make browser` says in one line what it misses, before it writes anything."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script behind `make browser`, on a machine without a browser."""
    spec = spec_from_file_location("witness_maker", Path(__file__).parent / "witnesses" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setattr("sys.path", [])
    spec.loader.exec_module(module)
    monkeypatch.undo()
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(module.shutil, "which", {"/opt/my browser": "/opt/my browser"}.get)
    monkeypatch.setattr(module, "keep", None)  # nothing may be written
    return module


def test_without_a_browser_one_line_says_what_to_do(maker: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what was looked for, and both remedies; no witness is made anew."""
    monkeypatch.setattr(maker, "install_chromium", lambda: False)
    with pytest.raises(SystemExit) as raised:
        maker.main()
    assert str(raised.value) == (
        "make browser: there is no Chromium (no chromium, chromium-browser, google-chrome, google-chrome-stable,"
        " chrome, and Playwright cannot get its own); install it (apt-get install chromium),"
        " or name it: make browser CHROMIUM=/path/to/it"
    )


def test_a_name_that_is_no_program_is_told(maker: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not replaced by another browser."""
    monkeypatch.setenv("CHROMIUM", "/opt/none")
    with pytest.raises(SystemExit, match=r"^make browser: CHROMIUM=/opt/none names no program$"):
        maker.chromium()


def test_a_named_browser_is_taken(maker: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before those of the machine, and Playwright's own only where there is none."""
    monkeypatch.setattr(maker, "install_chromium", lambda: True)
    assert maker.chromium() == ""
    monkeypatch.setenv("CHROMIUM", "/opt/my browser")
    assert maker.chromium() == "/opt/my browser"
