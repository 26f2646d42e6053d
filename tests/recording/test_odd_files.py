"""Files as browsers, proxies and other tools write them, and damaged ones: each plays, or is told in one line."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from pets import TOM, declared
from understudy.document.read import Unreadable
from understudy.engine.api import Api
from understudy.engine.clock import milliseconds
from understudy.engine.worlds import Worlds
from understudy.recording import files
from understudy.recording.picked import Picked, Picker
from understudy.recording.play import play
from understudy.recording.recorded import Recording
from understudy.recording.redact import Redactor, redacted
from understudy.recording.targets import MockTarget

Json = Any
PATH = "https://pets.example/v1/owners/7/pets/41"
CONTENT = b64encode(json.dumps(TOM).encode()).decode()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """A user's document."""
    return declared(tmp_path_factory.mktemp("pets"))


def entry(**more: Json) -> dict[str, Json]:
    """An entry of a HAR with pseudo headers of HTTP/2; `request_x` and `response_x` set members of its messages."""
    headers = [{"name": ":authority", "value": "pets.example"}, {"name": "X-Key", "value": "k"}]
    content = {"mimeType": "application/json", "text": json.dumps(TOM)}
    made: dict[str, Json] = {
        "startedDateTime": "2026-03-01T11:00:01.000+01:00",
        "request": {"method": "GET", "url": PATH, "headers": headers},
        "response": {
            "status": 200, "headers": [{"name": "content-type", "value": "application/json"}], "content": content,
        },
    }  # fmt: skip
    for name, value in more.items():
        message, _, member = name.partition("_")
        made[message][member] = value
    return made


def loaded(*entries: Json) -> Recording:
    """The recording of a HAR with these entries."""
    return files.loads(json.dumps({"log": {"version": "1.2", "entries": entries}}).encode(), "a.har")


def picked(api: Api, recording: Recording) -> tuple[list[Picked], list[str]]:
    """The exchanges of the document, and what is told of the others."""
    return Picker([api]).pick(recording)


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"request_url": "data:image/png;base64,AAAA", "response_status": 200}, "data: URL 1"),
        ({"request_url": "blob:https://pets.example/1"}, "blob: URL 1"),
        ({"request_url": "wss://pets.example/v1/live", "response_status": 101}, "wss: URL 1"),
        ({"request_url": "chrome-extension://abc/a.js"}, "chrome-extension: URL 1"),
        ({"response_status": 0}, "never answered 1"),
        ({"response_status": 101}, "a connection of another protocol 1"),
    ],
)
def test_what_is_no_exchange_of_http_is_left_out_and_counted(api: Api, odd: dict[str, Json], told: str) -> None:
    """A browser's archive is full of it: it is no damage of the file, and the rest plays."""
    recording = loaded(entry(**odd), entry())
    found, lines = picked(api, recording)
    assert recording.problems == ()
    assert (len(found), lines) == (1, [f"a.har: 1 entry without an answer of HTTP left out: {told}"])


def test_an_answer_from_the_browsers_own_cache_is_left_out(api: Api) -> None:
    """A 304 that the document does not have says nothing of the service's answer."""
    found, lines = picked(api, loaded(entry(), entry(response_status=304, response_content={"size": 0})))
    assert (len(found), lines) == (1, ["a.har: 1 answer from a client's cache (304) left out"])


@pytest.mark.parametrize("content", [None, {"size": 90, "mimeType": "application/json"}, {"mimeType": "x"}])
def test_a_body_that_was_not_kept_may_be_anything(api: Api, content: Json) -> None:
    """A body without its text is unknown; one of size 0 is empty."""
    assert [one.partial for one in loaded(entry(response_content=content)).exchanges] == [True]
    assert [one.partial for one in loaded(entry(response_content={"size": 0})).exchanges] == [False]


@pytest.mark.parametrize("text", [CONTENT, CONTENT.rstrip("="), f"{CONTENT[:40]}\r\n{CONTENT[40:]}"])
@pytest.mark.parametrize("encoding", ["base64", "BASE64"])
def test_base64_is_read_in_every_form(text: str, encoding: str) -> None:
    """With line breaks, without its padding, in the alphabet of URLs."""
    (one,) = loaded(entry(response_content={"text": text, "encoding": encoding})).exchanges
    assert one.response.json() == TOM
    signs = urlsafe_b64encode(b"\xff\xfe\xfd>>>???").decode()
    (other,) = loaded(entry(response_content={"text": signs, "encoding": encoding})).exchanges
    assert other.response.body == b"\xff\xfe\xfd>>>???"


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"request_url": "https://pets.example/\ud800"}, "its URL is"),
        ({"request_url": "ftp://pets.example/v1"}, "its URL has the scheme ftp"),
        ({"request_postData": {"params": 5}}, "the params of its request's body are 5, no list"),
        ({"response_content": {"text": {"a": 1}}}, "the text of its content is {'a': 1}, no text"),
        ({"response_content": {"text": "!!!", "encoding": "base64"}}, "its body is no base64"),
        ({"response_status": -1}, "its status is -1"),
        ({"response_status": 999}, "its status is 999"),
        ({"request_headers": 5}, "its headers are neither a mapping, nor a list of name and value, nor a text"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line_and_the_rest_plays(api: Api, odd: dict[str, Json], told: str) -> None:
    """With its file, line and number."""
    recording = loaded(entry(**odd), entry())
    assert len(recording.exchanges) == 1
    (problem,) = recording.problems
    assert problem.startswith(f"a.har:1: interaction 1: {told}")
    assert "\n" not in problem


def test_a_body_of_another_character_set_is_read_by_it() -> None:
    """Its header says which; one that nobody knows, or that does not fit, is left as it is."""
    text = b64encode('{"name": "Tüm"}'.encode("latin-1")).decode()

    def of(charset: str) -> tuple[bytes, str | None]:
        head = [{"name": "content-type", "value": f"application/json; charset={charset}"}]
        read = loaded(entry(response_headers=head, response_content={"text": text, "encoding": "base64"})).exchanges[0]
        return read.response.body, read.response.header("content-type")

    assert of('"ISO-8859-1"') == ('{"name": "Tüm"}'.encode(), "application/json; charset=utf-8")
    assert of("nope")[0] == of("utf-8")[0] == '{"name": "Tüm"}'.encode("latin-1")


def test_a_body_that_is_no_utf8_stops_nothing(api: Api) -> None:
    """It is played, imported and redacted as the bytes that it is."""
    text = b64encode(b'{"name": "T\xfcm"}').decode()
    recording = loaded(entry(response_content={"text": text, "encoding": "base64"}), entry())
    found, _ = picked(api, recording)
    worlds = Worlds([api], seeds={api.name: None})
    assert [len(one.faults) for one in play(found, MockTarget(worlds, timed=True))] == [1, 1]
    assert len(list(redacted(recording.exchanges, Redactor([api.contract])))) == 2


RUBY = """---
http_interactions:
- request:
    method: get
    uri: https://pets.example/v1/owners/7/pets/41
    body: {encoding: US-ASCII, base64_string: ''}
    headers: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
      X-Key: [k]
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json]}
    body:
      encoding: ASCII-8BIT
      base64_string: BODY
  recorded_at: Sun, 01 Mar 2026 10:00:01 GMT
recorded_with: VCR 6.1.0
"""


@pytest.mark.parametrize("body", [CONTENT, f"!binary {b64encode(CONTENT.encode()).decode()}"])
def test_a_cassette_of_rubys_vcr_is_read(body: str) -> None:
    """Its base64 bodies, also as bytes, its hashes of other classes, and its times, which are those of HTTP."""
    (one,) = files.loads(RUBY.replace("BODY", body).encode(), "a.yaml").exchanges
    assert one.response.json() == TOM
    assert one.at == milliseconds("2026-03-01T10:00:01Z")
    assert one.request.header("x-key") == "k"


def test_headers_of_another_tag_are_told_by_it() -> None:
    """Nothing is constructed."""
    text = RUBY.replace("!ruby/hash:ActiveSupport::HashWithIndifferentAccess", "!!python/object/new:os.system")
    assert files.loads(text.encode(), "a.yaml").problems == (
        "a.yaml:3: interaction 1: its headers have the YAML tag tag:yaml.org,2002:python/object/new:os.system,"
        " which is not read",
    )


@pytest.mark.parametrize(
    "time", ["", None, 5, "soon", "2026-03-01T10:00:60Z", "2026-03-01T10:00:01+25:99", "Sun, 99 X"]
)
def test_a_time_that_is_none_is_unknown(time: Json) -> None:
    """The exchange is played all the same."""
    odd = entry()
    odd["startedDateTime"] = time
    assert [one.at is None or one.at > 0 for one in loaded(odd).exchanges] == [True]


def test_a_session_of_charles_is_told_by_its_name() -> None:
    """It is neither a HAR nor an old cassette."""
    content = json.dumps([{"status": "COMPLETE", "host": "pets.example", "request": {}, "response": {}}]).encode()
    with pytest.raises(Unreadable, match=r"^a.json: it is a session of Charles; export it as HAR"):
        files.loads(content, "a.json")
