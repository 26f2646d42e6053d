"""What the kit is told about a target: from a file, from words, from a ready file's entry; and what cannot be meant."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from understudy_checks.client import Member
from understudy_checks.prepared import prepared_objects
from understudy_checks.target import sources
from understudy_checks.target.mock import mock
from understudy_checks.target.settings import BadSettings, Settings, imported, read, settings_of_entry

ROOT = Path(__file__).parents[2]
KNOWN = {"agent_id": "a1", "inputs": ["order"]}
FILE = """
api_keys = ["one", "two"]
revoked_key = "gone"
other_tenant_key = "theirs"
agent_id = "a7"
writes = false
rate_limit = 0
max_wait = 12

[[members]]
user_id = "u1"
email = "ann@x.org"
active = true
"""


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """Writes a target file."""

    def write(text: str) -> Path:
        path = tmp_path / "target.toml"
        path.write_text(text)
        return path

    return write


def test_a_file_tells_what_is_known(file) -> None:
    """Keys, people, permissions and ids stand in one TOML file."""
    settings = read(file(FILE), KNOWN)
    assert settings == Settings(
        api_keys=("one", "two"),
        revoked_key="gone",
        other_tenant_key="theirs",
        members=(Member("u1", "ann@x.org", active=True),),
        writes=False,
        rate_limit=0,
        max_wait=12,
        given={"agent_id": "a7"},
    )
    assert settings.access.capabilities == {"second-key", "revoked-key", "other-tenant", "members"}
    assert settings.access.ids(None) == {"agent_id": "a7"}


def test_the_documented_target_file_is_one(file) -> None:
    """The target file in the documentation can be pasted, and has every setting of any API."""
    shown = re.search(r"```toml\n(.*?)```", (ROOT / "docs/reference/target-file.md").read_text(), re.DOTALL)
    assert shown is not None
    settings = read(file(shown[1]), {})
    assert settings.members[0].email == "jane@example.com"
    left_out = [name for name in Settings.__struct_fields__ if getattr(settings, name) in (None, (), {})]
    assert left_out == ["login", "given"]  # which authentication files tell, and which every API has others of


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("api_key = 1", "unknown setting api_key; did you mean api_keys?"),
        ("agent = 'x'", "unknown setting agent; did you mean agent_id?"),
        ("api_keys = 'one'", "api_keys: Expected `array`, got `str`"),
        ("rate_limit = -1", "rate_limit: Expected `int` >= 0"),
        ("max_wait = -1", "max_wait: Expected `float` >= 0.0"),
        ("[[members]]\nuser_id = 'u'\nactive = true", "members[0]: Object missing required field `email`"),
        ("writes = 'no'", "writes: Expected `bool | null`, got `str`"),
        ("api_keys", "is not TOML: "),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(file, text: str, message: str) -> None:
    """A wrong name or form is named with the file and what would be right."""
    path = file(text)
    with pytest.raises(BadSettings) as caught:
        read(path, KNOWN)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The place and the reason are named."""
    with pytest.raises(BadSettings, match=r"nowhere\.toml cannot be read: No such file"):
        read(tmp_path / "nowhere.toml", KNOWN)


def test_words_come_before_the_file(file) -> None:
    """`NAME=VALUE` replaces what the file says; text stays text, and all else is JSON."""
    settings = read(file(FILE), KNOWN).with_words(
        ["agent_id=7", 'inputs=["a", "b"]', "max_wait=3", "revoked_key=0", "writes=true", 'api_keys=["k"]'], KNOWN
    )
    assert settings.given == {"agent_id": "7", "inputs": ["a", "b"]}
    assert (settings.max_wait, settings.revoked_key, settings.writes, settings.api_keys) == (3, "0", True, ("k",))
    assert settings.other_tenant_key == "theirs"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("agent_id", "agent_id is not NAME=VALUE"),
        ("agent_ids=x", "--set: unknown setting agent_ids; did you mean agent_id?"),
        ("max_wait=long", "--set: max_wait: Expected `float`, got `str`"),
    ],
)
def test_a_word_that_cannot_be_meant_is_told(word: str, message: str) -> None:
    """So is a word."""
    with pytest.raises(BadSettings) as caught:
        Settings().with_words([word], KNOWN)
    assert str(caught.value) == message


def test_a_ready_file_s_entry_tells_everything() -> None:
    """What our server writes for its clients is enough to check it as if it were anybody's."""
    with mock("kognitos").open() as client:
        settings = settings_of_entry(client.access.given)
        assert settings.api_keys == client.access.api_keys
        assert settings.access.capabilities == client.access.capabilities
        assert settings.given["agent_id"] == client.access.given["agent_id"]


def test_what_can_be_told_of_an_api_is_what_its_ready_file_tells_and_what_is_prepared() -> None:
    """Each API has names of its own beside the usual ones."""
    assert sources.setting_examples("nextstep").keys() == prepared_objects("nextstep").keys()
    assert "organization_id" in sources.setting_examples("tallyfy")
    assert {"agent_id", "process_id"} <= set(sources.setting_examples("kognitos"))


def test_settings_come_from_file_words_and_keys(file) -> None:
    """Keys of the command line replace those of the file."""
    assert sources.load_settings("nextstep", file("api_keys = ['a']"), ["max_wait=1"], []) == Settings(
        api_keys=("a",), max_wait=1
    )
    assert sources.load_settings("nextstep", None, [], ["b", "c"]).api_keys == ("b", "c")


def test_a_function_is_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`module:attribute` leads to something that can be called, also inside something."""
    assert imported("os.path:join", "app")("a", "b") == "a/b"
    assert imported("pathlib:Path.home", "app") == Path.home
    assert Settings().clock() is None
    assert Settings(advance="math:floor").clock()(1.5) == 1


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("math", "app math is not module:attribute"),
        ("no_such_module:app", "app no_such_module:app cannot be imported: No module named 'no_such_module'"),
        ("math:no_such", "app math:no_such cannot be imported: module 'math' has no attribute 'no_such'"),
        ("math:pi", "app math:pi cannot be called"),
    ],
)
def test_what_cannot_be_imported_is_told(place: str, message: str) -> None:
    """The place and the reason are named."""
    with pytest.raises(BadSettings) as caught:
        imported(place, "app")
    assert str(caught.value) == message


def test_an_import_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever a module raises while it is imported is one line."""
    (tmp_path / "broken_app.py").write_text("raise ValueError('no\\nconfiguration')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadSettings) as caught:
        imported("broken_app:app", "app")
    assert str(caught.value) == "app broken_app:app cannot be imported: no configuration"
    assert "broken_app" not in sys.modules
