"""Formats of recordings: what other tools write is read, and what is written is read by them."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import brotli
import jsonschema_rs
import pytest
import yaml
from haralyzer import HarParser
from vcr.cassette import Cassette
from vcr.persisters.filesystem import FilesystemPersister
from vcr.request import Request as VcrRequest
from vcr.serializers import jsonserializer, yamlserializer

from understudy.document.read import Unreadable
from understudy.engine.exchange import Request, Response
from understudy.recording import bodies, files, message, tree
from understudy.recording.recorded import Recorded, host_of

SCHEMA = json.loads((Path(__file__).parent.parent / "schemas" / "har-1.2.json").read_text())
AT = 1_775_556_000_123  # 2026-04-07T10:00:00.123Z
URL = "https://shop.example/pets/1?tag=a%20b&tag=c"
TEXT = Recorded(
    Request("POST", "/pets/1", "tag=a%20b&tag=c", ((b"accept", b"x"), (b"accept", b"y")), '{"n": "é\r\n"}'.encode()),
    Response(201, ((b"content-type", b"application/json"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")), b"[1]"),
    ("/0",),
    "https://shop.example",
    AT,
    1,
)
BINARY = Recorded(
    Request("PUT", "/files/1", "", ((b"content-type", b"image/png"),), b"\x89PNG\xff\x00"),
    Response(200, ((b"location", b"/files/2"),), b"\xff\x00\r\n"),
    (),
    "https://shop.example:8443",
    AT + 1,
    2,
)
EMPTY = Recorded(Request("GET", "/", "", (), b""), Response(204), (), "http://shop.example", AT + 2, 3, partial=True)


def written(folder: Path, content: str | bytes, name: str = "a.yaml") -> Path:
    """A file with this content."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def interaction(**changes: Any) -> dict[str, Any]:
    """An interaction of VCR.py."""
    request = {"method": "GET", "uri": URL, "headers": {"A": ["1", "2"]}, "body": None}
    response = {"status": {"code": 200, "message": "OK"}, "headers": {"B": ["3"]}, "body": {"string": "{}"}}
    return {"request": request, "response": response, **changes}


def entry(request: Mapping[str, Any] = {}, response: Mapping[str, Any] = {}, **more: Any) -> dict[str, Any]:
    """An entry of a HAR."""
    sent = {"method": "GET", "url": URL, "headers": [{"name": "A", "value": "1"}, {"name": "a", "value": "2"}]}
    answer = {"status": 200, "headers": [], "content": {"size": 2, "mimeType": "application/json", "text": "{}"}}
    started = {"startedDateTime": "2026-04-07T12:00:00.123+02:00"}
    return {**started, "request": {**sent, **request}, "response": {**answer, **response}, **more}


def cassette_of(folder: Path, *interactions: Any, **head: Any) -> tuple[Recorded, ...]:
    """The exchanges of a cassette of VCR.py with these interactions."""
    recording = files.load(written(folder, json.dumps({"version": 1, "interactions": interactions, **head})))
    assert recording.problems == ()
    return recording.exchanges


def har_of(folder: Path, *entries: Any) -> tuple[Recorded, ...]:
    """The exchanges of a HAR with these entries."""
    recording = files.load(written(folder, json.dumps({"log": {"version": "1.2", "entries": entries}}), "a.har"))
    assert recording.problems == ()
    return recording.exchanges


@pytest.mark.parametrize("form", files.FORMATS)
def test_what_is_written_is_read_again(tmp_path: Path, form: str) -> None:
    """Every format keeps order, URL, headers with their repetitions, bodies, times, and what is not compared."""
    given = (TEXT, EMPTY) if form == "json" else (TEXT, BINARY, EMPTY)
    recording = files.load(written(tmp_path, files.dumps(given, form)))
    assert recording.problems == ()
    assert recording.exchanges == tuple(one._replace(number=n) for n, one in enumerate(given, 1))


@pytest.mark.parametrize("form", files.FORMATS)
def test_an_empty_recording_is_read(tmp_path: Path, form: str) -> None:
    """A recording without exchanges is one."""
    assert files.load(written(tmp_path, files.dumps((), form))).exchanges == ()


@pytest.mark.parametrize(("form", "serializer"), [("yaml", yamlserializer), ("json", jsonserializer)])
def test_vcrpy_reads_a_written_cassette(tmp_path: Path, form: str, serializer: Any) -> None:
    """VCR.py finds the same URLs, bodies, headers and statuses."""
    given = (TEXT, EMPTY) if form == "json" else (TEXT, BINARY, EMPTY)
    path = written(tmp_path, files.dumps(given, form), f"a.{form}")
    cassette: Any = Cassette.load(
        path=str(path), serializer=serializer, persister=FilesystemPersister, record_mode="none"
    )
    assert [request.uri for request in cassette.requests] == [f"{one.origin}{one.target}" for one in given]
    assert [request.body or b"" for request in cassette.requests] == [one.request.body for one in given]
    answers = [response["body"]["string"] for response in cassette.responses]
    assert answers == [one.response.body for one in given]
    assert cassette.responses[0]["headers"]["Set-Cookie"] == ["a=1", "b=2"]
    assert [response["status"]["code"] for response in cassette.responses] == [one.response.status for one in given]


def test_a_written_har_fits_its_schema_and_is_read_by_haralyzer() -> None:
    """A HAR fits the schema of HAR 1.2, and haralyzer reads it."""
    har = json.loads(files.dumps((TEXT, BINARY, EMPTY), "har"))
    assert [error.message for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(har)] == []
    (page,) = HarParser(har).pages
    assert [one.url for one in page.entries] == [f"{one.origin}{one.target}" for one in (TEXT, BINARY, EMPTY)]
    assert [one.status for one in page.entries] == [201, 200, 204]


def test_a_cassette_that_vcrpy_writes_is_read(tmp_path: Path) -> None:
    """VCR.py's own serializers, text and binary, are read."""
    path = tmp_path / "own.yaml"
    cassette: Any = Cassette(str(path), serializer=yamlserializer, record_mode="all")
    for body in (b'{"a": "\xc3\xa9"}', b"\xff\x00"):
        answer = {"status": {"code": 200, "message": "OK"}, "headers": {"X": ["1"]}, "body": {"string": body}}
        cassette.append(VcrRequest("POST", URL, body, {"A": "1"}), answer)
    cassette._save(force=True)
    recording = files.load(path)
    assert [one.request.body for one in recording.exchanges] == [b'{"a": "\xc3\xa9"}', b"\xff\x00"]
    assert [one.response.body for one in recording.exchanges] == [b'{"a": "\xc3\xa9"}', b"\xff\x00"]
    assert recording.exchanges[0].request.headers == ((b"a", b"1"),)


def test_a_cassette_of_schemathesis_and_ruby_is_read(tmp_path: Path) -> None:
    """`http_interactions` with texts for numbers, bodies in base64, and a time are read."""
    body = {"encoding": "utf-8", "base64_string": base64.b64encode(b'{"a": 1}').decode()}
    request = {"uri": URL, "method": "post", "headers": {"A": ["1"]}, "body": body}
    answer = {
        "status": {"code": "404", "message": "Not Found"},
        "headers": {},
        "body": {"encoding": "latin1", "string": "é"},
    }
    first = {"id": "x", "recorded_at": "2026-04-07T10:00:00+00:00", "request": request, "response": answer}
    text = "command: 'st run'\nrecorded_with: 'Schemathesis 4'\nhttp_interactions:\n" + yaml.dump([first])
    (one,) = files.load(written(tmp_path, text)).exchanges
    assert (one.request.method, one.request.body, one.response.status) == ("POST", b'{"a": 1}', 404)
    assert (one.response.body, one.at) == (b"\xe9", AT - 123)


def test_an_answer_that_never_came_is_told(tmp_path: Path) -> None:
    """An interaction without a response is named; an entry that a browser blocked is left out and counted."""
    text = yaml.dump({"http_interactions": [interaction(response=None), interaction()]}, sort_keys=False)
    recording = files.load(written(tmp_path, text))
    assert [one.number for one in recording.exchanges] == [2]
    assert recording.problems == (f"{recording.file}:2: interaction 1: it has no response",)
    blocked = json.dumps({"log": {"entries": [entry(response={"status": 0})]}})
    assert files.load(written(tmp_path, blocked)).left_out == {"never answered": 1}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_and_crlf_are_read(tmp_path: Path, encoding: str) -> None:
    """Files of Windows, cassettes and HARs, are read."""
    for form in files.FORMATS:
        text = files.dumps((TEXT,), form).replace("\n", "\r\n")
        (one,) = files.load(written(tmp_path, text.encode(encoding))).exchanges
        assert one == TEXT


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b'{"a": 1}')),
        ("deflate", zlib.compress(b'{"a": 1}')),
        ("br", brotli.compress(b'{"a": 1}')),
        ("gzip, x-gzip", gzip.compress(gzip.compress(b'{"a": 1}'))),
        ("identity", b'{"a": 1}'),
        ("br", b'{"a": 1}'),
        ("zstd", b'{"a": 1}'),
    ],
)
def test_compressed_bodies_are_decoded(tmp_path: Path, coding: str, body: bytes) -> None:
    """A compressed body is decoded and its header dropped; one that its recorder decoded is taken as it is."""
    headers = [{"name": "Content-Encoding", "value": coding}, {"name": "Content-Length", "value": "9"}]
    content = {"size": 1, "mimeType": "", "text": base64.b64encode(body).decode(), "encoding": "base64"}
    (one,) = har_of(tmp_path, entry(response={"headers": headers, "content": content}))
    assert one.response == Response(200, (), b'{"a": 1}')


@pytest.mark.parametrize(
    ("coding", "body", "told"),
    [
        ("gzip", b"\x1f\x8bnope", "its body is no gzip: "),
        ("gzip", gzip.compress(b"a" * 100)[:-9], "its body is no gzip: the compressed data is cut off"),
        ("br", b"\xff\xff\xff", "its body is no br: "),
        ("br", brotli.compress(bytes(range(256)) * 9)[:-9], "its body is no br: it is cut off"),
        ("zstd", b"\x28\xb5\x2f\xfd", "the content coding zstd, which is not read"),
        ("gzip" + ",gzip" * 4, b"\xff", "5 content codings"),
        ("gzip", gzip.compress(bytes(300)), "its body is larger than 256 bytes when it is decoded"),
        ("br", brotli.compress(bytes(300)), "its body is larger than 256 bytes when it is decoded"),
    ],
)
def test_what_cannot_be_decoded_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coding: str, body: bytes, told: str
) -> None:
    """Damaged data, unknown codings and bombs are one line; the rest is read."""
    monkeypatch.setattr(bodies, "MOST_BYTES", 256)
    bad = interaction()
    bad["response"] = {**bad["response"], "headers": {"Content-Encoding": [coding]}, "body": {"string": body}}
    text = yaml.dump({"version": 1, "interactions": [bad, interaction()]})
    recording = files.load(written(tmp_path, text))
    assert [one.number for one in recording.exchanges] == [2]
    (problem,) = recording.problems
    assert told in problem
    assert problem.startswith(f"{recording.file}:2: interaction 1: ")


def test_brotli_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package, a body in br says what to install."""
    monkeypatch.setattr(bodies, "find_spec", lambda name: None)
    with pytest.raises(bodies.Undecoded, match="br, which is not read; install brotli"):
        bodies.plain(((b"content-encoding", b"br"),), b"\xff")


def test_many_large_bodies_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What all bodies of a file take is bounded; those before are read."""
    monkeypatch.setattr(files, "MOST_DECODED", 3)
    recording = files.load(written(tmp_path, json.dumps({"interactions": [interaction()] * 9})))
    assert len(recording.exchanges) == 2
    assert recording.problems[0].endswith(
        ":1: interaction 3: the bodies before it have more than 3 bytes when they are decoded; the rest is left out"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"A": ["1", "2"], "B": "3"},
        [["A", "1"], ["A", "2"], ["B", "3"]],
        [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}, {"name": "B", "value": 3}],
        "A: 1\r\nA: 2\nB: 3\r\nno field\n",
        {"A": [b"1", "2"], "B": [" 3\r\n"]},
    ],
)
def test_headers_are_read_in_any_form(headers: Any) -> None:
    """Mappings, pairs, objects and a text are headers."""
    assert message.headers_of(headers) == ((b"a", b"1"), (b"a", b"2"), (b"b", b"3"))


def test_odd_header_values_are_read() -> None:
    """No headers, an empty value, folded lines, and text that is no Latin-1."""
    assert message.headers_of(None) == ()
    assert message.headers_of({"A": None, "B": "1\r\n  2", "C": "€"}) == (
        (b"a", b""),
        (b"b", b"1 2"),
        (b"c", "€".encode()),
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"request": None}, "it has no request"),
        ({"request": {"method": "a b"}}, "its method is 'a b'"),
        ({"request": {"method": 1}}, "its method is 1"),
        ({"request": {"method": "GET"}}, "its URL is None"),
        ({"request": {"method": "GET", "uri": "http://["}}, "its URL is 'http://['"),
        ({"request": {"method": "GET", "uri": "ftp://a"}}, "its URL has the scheme ftp"),
        ({"request": {"method": "GET", "uri": "/", "headers": 5}}, "its headers are neither a mapping"),
        ({"request": {"method": "GET", "uri": "/", "headers": {"é€": 5}}}, "its headers are neither a mapping"),
        ({"request": {"method": "GET", "uri": "/", "body": {"base64_string": "é"}}}, "its body is no base64"),
        ({"response": {"status": {"code": "x"}}}, "the status is 'x'"),
        ({"response": {"status": {"code": True}}}, "the status is True"),
        ({"response": {"status": 99}}, "its status is 99"),
        ({"ignore": 5}, "its ignore is no list of JSON pointers"),
        ({"ignore": [5]}, "its ignore is no list of JSON pointers"),
    ],
)
def test_an_odd_interaction_is_told(tmp_path: Path, changes: Any, told: str) -> None:
    """What cannot be an exchange is left out, with its file, line and number."""
    content = {"interactions": [interaction(**changes), interaction()]}
    recording = files.load(written(tmp_path, json.dumps(content, indent=1)))
    assert [one.number for one in recording.exchanges] == [2]
    (problem,) = recording.problems
    assert problem.startswith(f"{recording.file}:3: interaction 1: {told}")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"request": None}, "it has no request"),
        ({"response": 5}, "it has no response"),
        ({"response": {"status": 200, "content": {"text": "é", "encoding": "base64"}}}, "its body is no base64"),
        (
            {
                "request": {
                    "method": "POST",
                    "url": "/",
                    "postData": {"mimeType": "multipart/form-data", "params": [{}]},
                }
            },
            "its request's body is left out",
        ),
    ],
)
def test_an_odd_entry_is_told(tmp_path: Path, changes: Any, told: str) -> None:
    """An entry that is no exchange is left out and named."""
    text = json.dumps({"log": {"entries": [{**entry(), **changes}, entry()]}})
    recording = files.load(written(tmp_path, text))
    assert [one.number for one in recording.exchanges] == [2]
    assert told in recording.problems[0]


def test_bodies_of_many_forms_are_read(tmp_path: Path) -> None:
    """A request's body may be a text, a text with an encoding, parsed JSON, or nothing."""
    forms: list[tuple[Any, bytes]] = [
        ("é", "é".encode()),
        ({"string": "é", "encoding": "latin-1"}, b"\xe9"),
        ({"string": "€", "encoding": "latin-1"}, "€".encode()),
        ({"string": "é", "encoding": "no-such"}, "é".encode()),
        ({"string": "", "encoding": None}, b""),
        ({"parsed": 1}, b'{"parsed":1}'),
        ({}, b""),
        (None, b""),
        ({"base64_string": None}, b""),
    ]
    given = [interaction(request={"method": "POST", "uri": URL, "body": body}) for body, _ in forms]
    assert [one.request.body for one in cassette_of(tmp_path, *given)] == [expected for _, expected in forms]


def test_posted_bodies_of_a_har_are_read(tmp_path: Path) -> None:
    """A posted text, a form that is there by its parameters only, bytes, and none."""
    form = [{"name": "a", "value": "1 2"}, {"name": "b"}]
    data: list[tuple[Any, bytes]] = [
        ({"mimeType": "text/plain", "text": "x"}, b"x"),
        ({"mimeType": "application/x-www-form-urlencoded", "params": form}, b"a=1+2&b="),
        ({"text": "", "params": form}, b"a=1+2&b="),
        ({"text": "/w==", "encoding": "base64"}, b"\xff"),
        ({"text": "/w==", "_encoding": "base64"}, b"\xff"),
        ({"mimeType": "multipart/form-data"}, b""),
        (None, b""),
    ]
    exchanges = har_of(tmp_path, *(entry({"method": "POST", "postData": posted}) for posted, _ in data))
    assert [one.request.body for one in exchanges] == [expected for _, expected in data]


def test_a_har_of_a_browser_is_read(tmp_path: Path) -> None:
    """Repeated headers, pseudo headers of HTTP/2, a local time, and answers without a text."""
    pseudo = [{"name": ":authority", "value": "shop.example"}, {"name": "A", "value": "1"}]
    first, second = har_of(tmp_path, entry(), entry({"headers": pseudo}, {"content": {"size": 0}}, startedDateTime="?"))
    assert (first.request.headers, first.at) == (((b"a", b"1"), (b"a", b"2")), AT)
    assert (second.request.headers, second.response.body, second.at) == (((b"a", b"1"),), b"", None)


def test_a_url_is_split(tmp_path: Path) -> None:
    """User and password of a URL are dropped; spaces are encoded; a path alone has no host."""
    assert message.split_url("https://u:p@Shop.example:81/a b?c=d e") == (
        "https://Shop.example:81",
        "/a%20b",
        "c=d%20e",
    )
    assert message.split_url("x") == ("", "/x", "")
    assert [host_of(origin) for origin in ("https://A.b:1", "http://[::1]:80", "")] == ["a.b", "[::1]", ""]
    assert TEXT.host == "shop.example"


def test_the_time_of_a_cassette_is_that_of_its_answers(tmp_path: Path) -> None:
    """Without a time of its own, an interaction has that of the Date header; an odd one has none."""
    dated = {"status": 200, "headers": {"Date": "Tue, 07 Apr 2026 10:00:00 GMT"}}
    odd = {"status": 200, "headers": {"Date": "soon"}}
    times = [one.at for one in cassette_of(tmp_path, interaction(response=dated), interaction(response=odd))]
    assert times == [AT - 123, None]
    assert cassette_of(tmp_path, interaction(recorded_at="soon"))[0].at is None


def test_partial_answers_are_marked(tmp_path: Path) -> None:
    """A file, or an interaction, says that its answers are partial."""
    assert cassette_of(tmp_path, interaction(), partial=True)[0].partial
    assert cassette_of(tmp_path, interaction(partial=True))[0].partial
    assert har_of(tmp_path, entry(_partial=True))[0].partial
    assert not har_of(tmp_path, entry())[0].partial


def test_binary_bodies_have_no_place_in_a_json_cassette() -> None:
    """A JSON cassette with a binary body is refused, and other formats are named."""
    with pytest.raises(message.Odd, match="write YAML or HAR"):
        files.dumps((BINARY,), "json")


def test_a_har_names_what_is_unknown(tmp_path: Path) -> None:
    """An exchange without host, time and usual status becomes a valid entry."""
    odd = Recorded(Request("GET", "/"), Response(299))
    har = json.loads(files.dumps((odd,), "har"))
    assert jsonschema_rs.validator_for(SCHEMA).is_valid(har)
    assert har["log"]["entries"][0]["response"]["statusText"] == ""
    assert json.loads(files.dumps((odd,), "betamax"))["http_interactions"][0]["recorded_at"] == "1970-01-01T00:00:00"


def test_the_ending_of_a_name_says_the_format() -> None:
    """Known endings name a format; another is refused with the nearest one."""
    names = ("a.yaml", "a.YML", "a.json", "a.har")
    assert [files.format_for(Path(name)) for name in names] == ["yaml", "yaml", "json", "har"]
    with pytest.raises(ValueError, match=r"did you mean \.har"):
        files.format_for(Path("a.hra"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "it is no recording"),
        ("a: 1", "it is no recording"),
        ("", "it is no recording"),
        ("{}", "it is no recording"),
        ('{"log": 5}', "it is no recording"),
        ("interactions: 1", "/interactions is no list"),
        ('{"log": {"entries": {}}}', "/log/entries is no list"),
        ("- request: {}\n  response: {}\n", "a cassette of before VCR.py 1.0"),
        ("version: 2\ninteractions: []", "version 2; version 1 is read"),
        ('{"log": {"version": "2.0", "entries": []}}', "a HAR of version '2.0'"),
        ("a: [\n", ":1: "),
        ('{"a": \n5,', ":2: it is no JSON"),
        ('{"a": ' + "[" * 100_000, "nests too deep"),
        ("a: " + "[" * 200 + "]" * 200, "nests more than 100 deep"),
        (b"a: \xff", ":1: it is no utf-8 text"),
        ("a: &a [1]\nb: &b [" + "*a, " * 1000 + "]\nc: [" + "*b, " * 1000 + "]", "its aliases stand for more"),
    ],
)
def test_what_is_no_recording_is_told(tmp_path: Path, content: str | bytes, told: str) -> None:
    """One line names the file, and the line where there is one."""
    file = written(tmp_path, content)
    with pytest.raises(Unreadable) as raised:
        files.load(file)
    text = str(raised.value)
    assert text.startswith(str(file))
    assert told in text
    assert "\n" not in text


def test_a_list_that_was_never_filled_is_empty(tmp_path: Path) -> None:
    """A recording that ended before its first exchange has none."""
    assert files.load(written(tmp_path, "version: 1\ninteractions:\n")).exchanges == ()


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, a folder, a name with a zero byte, and one that is too large."""
    for path, told in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "it is a folder"),
        (Path("a\0b"), "null"),
    ):
        with pytest.raises(Unreadable, match=told):
            files.load(path)
    monkeypatch.setattr(tree, "MOST_BYTES", 3)
    with pytest.raises(Unreadable, match="it has 4 bytes; at most 3 are read"):
        files.load(written(tmp_path, "a: 1"))


@pytest.mark.parametrize("form", files.FORMATS)
def test_of_a_truncated_file_the_rest_is_read(tmp_path: Path, form: str) -> None:
    """Whole interactions before the end of a file that was cut off are read, and the end is named."""
    given = (TEXT, EMPTY) if form == "json" else (TEXT, BINARY, EMPTY)
    text = files.dumps(given, form)
    cut = (
        text[: text.index("- request", 60)] + "- request:\n    method: 'GE"
        if form == "yaml"
        else text[: text.rindex(",\n") + 9]
    )
    recording = files.load(written(tmp_path, cut))
    assert recording.exchanges[0] == TEXT
    (problem,) = recording.problems
    assert problem.startswith(f"{recording.file}:")
    assert "cut off or damaged" in problem or "cannot be read" in problem


def test_of_a_damaged_file_the_rest_is_read(tmp_path: Path) -> None:
    """An interaction with a syntax error, or with a repeated key, does not hide those around it."""
    one = yaml.dump([interaction()])
    text = f"interactions:\n# first\n{one}- request: [\n{one}- request: {{a: 1, a: 2}}\n{one}version: 1\n"
    recording = files.load(written(tmp_path, text))
    assert [one.number for one in recording.exchanges] == [1, 3, 5]
    assert [problem.partition(": ")[2][:14] for problem in recording.problems] == ["interaction 2 ", "interaction 4 "]
    line = text.split("\n").index("- request: {a: 1, a: 2}") + 1
    assert recording.problems[1].startswith(f"{recording.file}:{line}: ")


def test_problems_of_a_damaged_file_have_lines(tmp_path: Path) -> None:
    """Odd interactions of a damaged file are named with their lines, in YAML and JSON."""
    text = "interactions:\n- {request: 1}\n- {request: 2}\n- request: [\n"
    problems = files.load(written(tmp_path, text)).problems
    assert [problem.split(":")[1] for problem in problems] == ["4", "2", "3"]
    damaged = '{"interactions": [\n{"request": 1},\n\n{"request": 2},\n{"req'
    problems = files.load(written(tmp_path, damaged)).problems
    assert [problem.split(":")[1] for problem in problems] == ["5", "2", "4"]


@pytest.mark.parametrize("form", ["json", "betamax", "har"])
@pytest.mark.parametrize("damage", ['"GET"', '"response": {', '"headers"'])
def test_behind_a_damage_the_rest_is_read(tmp_path: Path, form: str, damage: str) -> None:
    """A quote, brace or name that is lost in the middle costs its own exchange only; the line says where."""
    text = files.dumps((TEXT, EMPTY, TEXT, EMPTY), form)
    lines = text.split("\n")
    place = next(number for number, line in enumerate(lines) if damage in line and number > 1)
    lines[place] = lines[place].replace(damage, damage[:-1], 1)
    recording = files.load(written(tmp_path, "\n".join(lines)))
    assert [one.number for one in recording.exchanges] == [1, 3, 4]
    (problem,) = recording.problems
    assert problem.startswith(f"{recording.file}:{place + 1}: it is cut off or damaged there: ")
    assert problem.endswith("; 1 interaction is whole before, 2 behind")


def test_the_search_behind_a_damage_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of objects that are no exchanges only so many are tried; one that nests too deep is a damage, too."""
    deep = "[" * 100_000
    text = json.dumps({"interactions": [interaction(), {"a": [{"b": 1}] * 9}, interaction()]})
    both = text.replace('"a": [', f'"a": {deep}').replace("[{", "[;{", 1)
    told = files.load(written(tmp_path, both)).problems
    assert [one.partition("there: ")[2].partition(";")[0] for one in told] == ["Expecting value", "it nests too deep"]
    monkeypatch.setattr(tree, "MOST_TRIED", 5)
    recording = files.load(written(tmp_path, text.replace('"a": [', '"a": [;')))
    assert len(recording.exchanges) == 1
    assert recording.problems[0].endswith("1 interaction is whole before")


def test_a_whole_json_list_before_damage_is_read(tmp_path: Path) -> None:
    """Damage behind the list loses nothing of it."""
    text = json.dumps({"interactions": [interaction()]})[:-1] + ", oops"
    recording = files.load(written(tmp_path, text))
    assert len(recording.exchanges) == 1
    assert "1 interaction is whole" in recording.problems[0]


def test_tags_are_never_constructed(tmp_path: Path) -> None:
    """A tag that names an object of Python or Ruby is not made; texts and bytes of old cassettes are read."""
    bad = "interactions:\n- request: {method: GET, uri: /, body: !!python/object/apply:os.system [touch pwned]}\n"
    bad += "  response: {status: {code: 200}}\n"
    good = (
        "- request: {method: GET, uri: !!python/unicode '/x', body: !binary /w==}\n  response: {status: {code: 200}}\n"
    )
    recording = files.load(written(tmp_path, bad + good))
    assert [(one.request.path, one.request.body) for one in recording.exchanges] == [("/x", b"\xff")]
    assert "its body has the YAML tag tag:yaml.org,2002:python/object/apply:os.system" in recording.problems[0]
    assert list(tmp_path.iterdir()) == [recording.file]


def test_a_path_in_a_name_is_a_name(tmp_path: Path) -> None:
    """URLs with dots and slashes are paths of requests, never of files."""
    (one,) = cassette_of(tmp_path, interaction(request={"method": "GET", "uri": "https://a.b/../../etc/%2e%2e/x"}))
    assert one.request.path == "/../../etc/%2e%2e/x"


def test_a_recording_in_memory_is_read() -> None:
    """The text of a recording is read without a file."""
    recording = files.loads(files.dumps((TEXT,), "har").encode(), "journal")
    assert recording.exchanges == (TEXT,)
    assert recording.place(recording.exchanges[0]) == "journal: interaction 1"
