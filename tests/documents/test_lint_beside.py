"""`understudy lint` on what stands beside a document: resources, seeds, handlers, folders."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from shop import PAY, SHOP
from understudy import cli


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, with a folder that is an API in it."""
    monkeypatch.chdir(tmp_path)
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "openapi.yaml").write_text(SHOP.lstrip())
    (shop / "seed.yaml").write_text("carts: [{cents: 5}]\n")
    (shop / "handlers.py").write_text(PAY)
    return tmp_path


def lint(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    """Exit code and output of `understudy lint`."""
    code = cli.main(["lint", *words])
    return code, capsys.readouterr().out.splitlines()


def test_a_folder_is_checked_with_all_its_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each problem; what is not read is a note."""
    with (folder / "shop/openapi.yaml").open("a") as file:
        file.write("x-rules: [{id: shop.carts.a, source: Carts, basis: documented, text: A cart has cents.}]\n")
    assert lint(capsys, "shop") == (0, [])
    (folder / "shop/seed.yaml").write_text("carts:\n- {cents: x}\ncarrots: []\n")
    (folder / "shop/handlers.py").write_text("\ndef payCrt(call): ...\n")
    assert lint(capsys, "./shop") == (
        1,
        [
            "shop/handlers.py:2: payCrt is no operation; did you mean payCart?",
            "shop/seed.yaml:3: /carrots: carrots is no resource of this document; did you mean carts?",
            'shop/seed.yaml:2: /carts/0/cents: "x" is not of type "integer"',
        ],
    )
    (folder / "shop/openapi.yaml").unlink()
    code, told = lint(capsys, "shop")
    assert (code, told) == (1, ["shop: there is no openapi.yaml or openapi.yml or openapi.json in this folder"])


def test_a_seed_belongs_to_the_document_before_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file that is no document, also an empty one; one that cannot be read is told once."""
    (folder / "two.yaml").write_text("carts: [{cent: 5}]\n")
    (folder / "none.yaml").write_text("# nothing\n")
    (folder / "torn.yaml").write_text("carts: [\n")
    (folder / "other.json").write_text('{"info": {"title": "x"}, "swagger": "2.0", "paths": {}}')
    code, told = lint(
        capsys, "shop/openapi.yaml", "none.yaml", "two.yaml", "shop/openapi.yaml", "other.json", "torn.yaml"
    )
    assert code == 1
    assert told[:2] == [
        "two.yaml:1: /carts/0/cent: cent is no member of Cart; did you mean cents?",
        'two.yaml:1: /carts/0: "cents" is a required property',
    ]
    assert not any("shop/openapi.yaml" in line for line in told)
    assert sum("torn.yaml" in line for line in told) == 1
    assert any("other.json" in line for line in told)


def test_resources_that_are_declared_wrongly_are_told_with_their_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a start would tell them; a document that is none is told as before."""
    (folder / "shop.yaml").write_text(SHOP.lstrip().replace("{schema: Cart}", "{schema: Crt}"))
    code, told = lint(capsys, "shop.yaml", "shop/seed.yaml")
    assert (code, [line for line in told if "Crt" in line]) == (
        1,
        ["shop.yaml:29: /x-resources/carts/schema: Crt is no schema of this document; did you mean Cart?"],
    )
    (folder / "old.yaml").write_text("swagger: '2.0'\nx-resources: {}\n")
    assert lint(capsys, "old.yaml")[0] == 1


def test_what_cannot_be_read_is_told_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Such as a socket."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s.yaml")
        code, told = lint(capsys, "s.yaml")
    assert (code, len(told)) == (1, 1)
