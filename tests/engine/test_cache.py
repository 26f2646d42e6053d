"""The cache of compiled files: reused when valid, rebuilt when in doubt, never an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import toy
from understudy import apis, cache, data
from understudy.document.compile import ContractError, load
from understudy.engine.seed import load_seed


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "understudy"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source file of a cached value."""
    source = tmp_path / "source.yaml"
    source.write_text("one")
    return source


def made(source: Path) -> list[Any]:
    """Read a cached value twice; returns both and the number of times it was built."""
    count: list[int] = []

    def make() -> Any:
        count.append(1)
        return {"text": source.read_text()}

    first, second = cache.cached("known", make, source.read_bytes()), cache.cached("known", make, source.read_bytes())
    assert first == second == {"text": source.read_text()}
    assert first is not second
    return count


def test_what_is_known_is_not_made_again(source: Path, folder: Path) -> None:
    """A value is built once and then read from the cache; each caller gets a copy."""
    assert len(made(source)) == 1
    assert len(made(source)) == 0
    assert [entry.suffix for entry in folder.iterdir()] == [".json"]


def test_another_content_or_code_is_made_anew(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cached value is valid for the same file and the same code only."""
    made(source)
    source.write_text("two")
    assert len(made(source)) == 1
    monkeypatch.setattr(cache, "_code", lambda: b"other")
    assert len(made(source)) == 1


@pytest.mark.parametrize("damage", [b"", b"x" * 10, b"x" * 100])
def test_a_damaged_entry_is_made_again(source: Path, folder: Path, damage: bytes) -> None:
    """A truncated or overwritten cache file is replaced."""
    made(source)
    entry = next(folder.iterdir())
    whole = entry.read_bytes()
    for content in (damage, whole[:-1], whole.replace(b"one", b"two")):
        entry.write_bytes(content)
        assert len(made(source)) == 1
        assert entry.read_bytes() == whole


def test_what_killed_writers_left_is_swept(source: Path, folder: Path) -> None:
    """Writing a value deletes its partial files and no others."""
    folder.mkdir(parents=True)
    for name in ("known.123", "known.99999", "known.txt", "other.123"):
        (folder / name).write_text("half")
    made(source)
    assert sorted(entry.name for entry in folder.iterdir()) == ["known.json", "known.txt", "other.123"]


def test_without_a_folder_nothing_is_kept(source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are built each time if the cache folder cannot be created or the user has no home."""
    folder.parent.write_text("a file where a folder should be")
    assert len(made(source)) == 2

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(cache, "folder", homeless)
    assert len(made(source)) == 2


def test_the_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The default cache folder is `~/.cache`."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.folder() == tmp_path / ".cache" / "understudy"


def test_a_cached_document_is_the_same(folder: Path) -> None:
    """A document and a seed are equal from an empty and from a full cache."""
    first, second = load("control"), load("control")
    assert first.document == second.document
    assert repr(first) == repr(second)
    assert apis.seeds(["kognitos"]) == apis.seeds(["kognitos"]) == apis.seeds(["kognitos"], data.path("fixtures"))
    assert sorted(entry.name for entry in folder.iterdir()) == ["control-document.json", "kognitos-seed.json"]


def test_a_cached_start_state_is_the_same(folder: Path) -> None:
    """The start state of a built-in seed is the same whether it was validated now or before."""
    api = apis.declare("kognitos")
    seed = apis.seeds(["kognitos"])["kognitos"]
    wanted, credentials = load_seed(api, seed)
    for _ in range(2):
        stores, given = apis.load_checked_seed(api, seed)
        assert ({name: store.dump() for name, store in stores.items()}, given) == (
            {name: store.dump() for name, store in wanted.items()},
            credentials,
        )
    assert (folder / "kognitos-seed-data.json").exists()


def test_a_start_state_that_does_not_fit_is_never_kept(folder: Path) -> None:
    """An invalid start state is refused each time."""
    api = apis.declare("kognitos")
    seed = apis.seeds(["kognitos"])["kognitos"]
    wrong = {"organizations": [{**seed["organizations"][0], "id": 1}]}
    for known in (False, True):
        with pytest.raises(ValueError, match="id"):
            apis.load_checked_seed(api, wrong)
        assert (folder / "kognitos-seed-data.json").exists() is known
        apis.load_checked_seed(api, seed)


def test_a_refused_document_is_refused_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """An invalid document is never cached."""
    document = toy.document()
    document["components"]["schemas"]["Toy"]["examples"] = [{"id": 1}]
    (tmp_path / "openapi").mkdir()
    (tmp_path / "openapi" / "toy.yaml").write_text(yaml.safe_dump(document))
    installed = data.path
    monkeypatch.setattr(data, "path", lambda name: tmp_path / name if "toy" in name else installed(name))
    for _ in range(2):
        with pytest.raises(ContractError, match="does not fit its schema"):
            load("toy")
    assert not folder.exists()
