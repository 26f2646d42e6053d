"""The kit on a folder that is an API: its own checks and mutants, and the commands on documents with their flags."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from shop import PAY, SHOP
from understudy import cli
from understudy_checks.target import installed

RULES = """
x-rules: [{id: corner.carts.too-dear, source: Carts, basis: documented, text: A cart above 10.00 is not paid.}]
x-assumptions: [{id: corner.carts.most, text: How much, source: Carts, default: 1000, alternatives: [2000]}]
"""
CHECKS = """
from understudy_checks.rules import rule

@rule("corner.carts.too-dear")
def test_a_dear_cart_is_not_paid(target):
    with target.open() as client:
        assert client.send("POST", "/carts/2/pay").status == 409
"""
MUTANTS = """
from understudy import Reply
from understudy_checks.mutation import with_handlers

def _pay_all(api):
    paid = {"id": 2, "cents": 5000, "paid": True}
    return with_handlers(api, payCart=lambda call: Reply(__import__("json").dumps(paid).encode()))

MUTANTS = {"carts.too-dear": {"A dear cart is paid": _pay_all}}
"""


@pytest.fixture(autouse=True)
def corner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `corner` in the present folder, known to the kit during the test only."""
    folder = tmp_path / "corner"
    folder.mkdir()
    refusing = SHOP.replace('payCart, responses: {"200"', 'payCart, responses: {"409": {description: No}, "200"')
    (folder / "openapi.yaml").write_text(refusing + RULES)
    (folder / "seed.yaml").write_text("carts: [{cents: 100}, {cents: 5000}]")
    (folder / "handlers.py").write_text(PAY.replace("> 1000", '> call.assumed("corner.carts.most")'))
    (folder / "checks.py").write_text(CHECKS)
    (folder / "mutants.py").write_text(MUTANTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(installed, "_OWN", {})
    monkeypatch.setattr(installed, "_PARTS", {})
    installed.install.cache_clear()
    return folder


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and all output of a command."""
    code = cli.main(words)
    told = capsys.readouterr()
    return code, told.out + told.err


def test_the_checks_of_a_folder_check_its_rules(corner: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the mock with the folder's handlers and seed; one that fails is told as all others are."""
    code, told = run(capsys, "check", "./corner")
    assert (code, "1 rule: 1 passed" in told) == (0, True), told
    (corner / "handlers.py").write_text(PAY.replace("> 1000", "> 9000"))
    installed.install.cache_clear()
    code, told = run(capsys, "check", "./corner")
    assert (code, "1. corner.carts.too-dear" in told) == (1, True), told


def test_the_mutants_of_a_folder_are_tried(capsys: pytest.CaptureFixture[str]) -> None:
    """Its checks kill them, and hold under each alternative of its assumptions."""
    code, told = run(capsys, "mutants", "./corner")
    assert (code, "1 mutant: 1 killed" in told) == (0, True), told
    code, told = run(capsys, "assumptions", "./corner")
    assert (code, "passed          corner.carts.most = 2000" in told) == (0, True), told


def test_flags_of_a_document_are_for_the_commands_of_the_kit(corner: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong in their files is one line; what a folder has and nobody reads is told."""
    (corner / "bad.py").write_text("1 / 0")
    (corner / "bad.yaml").write_text("carts: [{}]")
    (corner / "recordings").mkdir()
    (corner.parent / "fix.yaml").write_text("overlay: 3.0.0")
    words = ["mutants", "corner", "--handlers", "corner/bad.py", "--", "true"]
    code, told = run(capsys, *words)
    assert (code, told.splitlines()) == (
        2,
        [
            "understudy: corner/recordings: the recordings of a folder are not read yet",
            "understudy: corner/bad.py:1: ZeroDivisionError: division by zero",
        ],
    )
    code, told = run(capsys, "check", "corner", "--overlay", "fix.yaml")
    refusal = "fix.yaml:1: /overlay: Overlay '3.0.0' is not read; 1.0.x, 1.1.x and 1.2.x are"
    assert (code, told.splitlines()[-1]) == (2, f"understudy: {refusal}")
    code, told = run(capsys, "check", "corner", "--seed-file", "corner/bad.yaml")
    assert (code, told.splitlines()[-1]) == (
        2,
        'understudy: corner/bad.yaml:1: /carts/0: "cents" is a required property',
    )
    (corner / "checks.py").write_text("import nothing_like_it")
    installed.install.cache_clear()
    assert "checks.py:1: ModuleNotFoundError" in run(capsys, "check", "corner")[1]


def test_a_document_without_operations_is_not_checked(corner: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says so; that is no success. A folder may have checks without mutants."""
    for name in ("mutants.py", "handlers.py", "seed.yaml"):
        (corner / name).unlink()
    (corner / "openapi.yaml").write_text("openapi: 3.1.0\ninfo: {title: Corner, version: '1'}\npaths: {}\n")
    assert run(capsys, "check", "corner") == (
        1,
        "understudy: corner declares no rules (x-rules): nothing was checked\n",
    )


def test_an_api_of_a_package_is_for_the_kit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name; it starts as it says itself."""
    acme = replace(installed.declared("nextstep"), name="acme", seed=lambda content, contract: ())
    monkeypatch.setattr(installed, "find", lambda name: acme)
    assert (installed.install("acme"), installed.declared("acme")) == ("acme", acme)
    assert installed.seeds()["acme"] is None
