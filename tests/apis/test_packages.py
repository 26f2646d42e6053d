"""APIs that packages declare by entry points, and our own, which are declared the same way."""

from __future__ import annotations

import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from shop import PAY, SHOP
from understudy import apis, cli
from understudy.apis import packages
from understudy.cli import serve
from understudy.cli.parser import parse

ROOT = Path(__file__).parents[2]
CODE = """
from dataclasses import replace
from pathlib import Path
from understudy.apis import declare
HERE = Path(__file__).parent
def folder(): return HERE / "shop"
def text(): return str(HERE / "shop")
def empty(): return HERE
def api(): return replace(declare("nextstep"), name="acme-api", seed=lambda content, contract: ())
def raises(): raise RuntimeError("not\\ntoday")
def nothing(): return None
"""
ENTRIES = """
[understudy.apis]
acme-shop = acme_mocks:folder
acme-text = acme_mocks:text
acme-empty = acme_mocks:empty
acme-api = acme_mocks:api
acme-other = acme_mocks:api
acme-raises = acme_mocks:raises
acme-nothing = acme_mocks:nothing
acme-gone = acme_mocks:gone
nextstep = acme_mocks:nothing
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with APIs of all kinds."""
    (tmp_path / "acme_mocks.py").write_text(CODE)
    info = tmp_path / "acme_mocks-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-mocks\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/openapi.yaml").write_text(SHOP)
    (tmp_path / "shop/handlers.py").write_text(PAY)
    (tmp_path / "shop/seed.yaml").write_text("carts: [{cents: 7}]")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "acme_mocks", raising=False)
    packages.names.cache_clear()


@pytest.mark.parametrize("name", ["acme-shop", "acme-text"])
def test_a_package_declares_a_folder(name: str) -> None:
    """By its path: the document, its seed and its handlers are served under the name of the entry point."""
    worlds = serve._worlds(parse(["serve", "kognitos", name]))
    assert list(worlds.apis) == ["kognitos", name, "control"]
    (store,) = worlds.default.tenants[name].values()
    assert [cart["cents"] for cart in store["carts"]] == [7]
    assert worlds.apis[name].ran[0].endswith("handlers.py")


def test_a_package_declares_an_api_as_ours_are() -> None:
    """It gets no seed file, and starts with what its own function returns."""
    worlds = serve._worlds(parse(["serve", "acme-api"]))
    assert worlds.apis["acme-api"].contract.name == "nextstep"
    assert worlds.default.tenants["acme-api"] == {}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "acme-raises",
            "declared as acme_mocks:raises, which cannot be loaded: RuntimeError: not today",
        ),
        ("acme-gone", "which cannot be loaded: AttributeError: module 'acme_mocks' has no attribute 'gone'"),
        ("acme-nothing", "which returns neither an API of this name nor the path of a folder"),
        ("acme-other", "which returns neither an API of this name nor the path of a folder"),
        ("acme-empty", "there is no openapi.yaml or openapi.yml or openapi.json in this folder"),
        ("acme-shp", "unknown API acme-shp; did you mean acme-shop?; known: "),
    ],
)
def test_a_package_that_declares_no_api_is_one_line(name: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It names the entry point and the reason."""
    assert cli.main(["rules", name]) == 2
    text = capsys.readouterr().err
    assert told in text
    assert len(text.splitlines()) == 1


def test_a_flag_is_not_for_an_api_of_a_package(capsys: pytest.CaptureFixture[str]) -> None:
    """It has its own files."""
    assert cli.main(["rules", "acme-shop", "--handlers", "h.py"]) == 2
    assert "stands after acme-shop, an API that is installed" in capsys.readouterr().err


def test_a_built_in_api_goes_before_one_of_a_package() -> None:
    """Its entry point is not even looked up."""
    assert serve._worlds(parse(["serve", "nextstep"])).apis["nextstep"].contract.source.endswith("nextstep.yaml")
    assert packages.names.cache_info().misses == 0


def test_our_own_apis_are_declared_as_those_of_a_package() -> None:
    """Each in a line of pyproject.toml, with the function that is called; no list in the code repeats them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = project["entry-points"][packages.GROUP]
    assert tuple(declared) == apis.NAMES
    for name, value in declared.items():
        module, _, function = value.partition(":")
        assert (module, callable(getattr(import_module(module), function))) == (f"understudy.apis.{name}", True)
