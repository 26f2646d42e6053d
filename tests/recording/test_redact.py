"""Secrets: none of them reaches the disk or an output, wherever and however it stands, and a replay still matches."""

from __future__ import annotations

import base64
import json
import random  # noqa: TID251 - a test's own choices, the same for the same seed
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from pets import PETS, TOM, declared, document, exchange, exchanges, recording, session
from understudy.apis import own
from understudy.cli import main
from understudy.engine.exchange import Request, Response
from understudy.recording import files
from understudy.recording.recorded import Recorded
from understudy.recording.redact import Redactor, redacted
from understudy.recording.secrets import Names, decoded, from_base64

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def b64(text: str, *, url: bool = False) -> str:
    """A text in base64."""
    return (base64.urlsafe_b64encode if url else base64.b64encode)(text.encode()).decode()


def jwt(claims: dict[str, Any]) -> str:
    """A JWT with these claims."""
    parts = ('{"alg":"HS256","typ":"JWT"}', json.dumps(claims), "signature")
    return ".".join(b64(part, url=True).rstrip("=") for part in parts)


def bare(**changes: Any) -> Recorded:
    """An exchange with these parts of its request and response."""
    request = {"method": "POST", "path": "/v1/x", **{n: v for n, v in changes.items() if n in ("path", "query")}}
    sent = Request(**request, headers=changes.get("headers", ()), body=changes.get("body", b""))
    answer = Response(200, changes.get("answered", ()), changes.get("answer", b""))
    return Recorded(sent, answer, origin="https://shop.example", at=5)


def field(name: str, value: str) -> tuple[tuple[bytes, bytes], ...]:
    """A header."""
    return ((name.encode(), value.encode("latin-1")),)


FORM = field("content-type", "application/x-www-form-urlencoded")
PLACES: dict[str, Callable[[str], Recorded]] = {
    "bearer": lambda s: bare(headers=field("authorization", f"Bearer {s}")),
    "basic": lambda s: bare(headers=field("authorization", f"Basic {b64(f'jane:{s}')}")),
    "no scheme": lambda s: bare(headers=field("authorization", s)),
    "key header": lambda s: bare(headers=field("x-api-key", s)),
    "vendor header": lambda s: bare(headers=field("x-acme-access-token", s)),
    "answered header": lambda s: bare(answered=field("x-auth-token", s)),
    "cookie": lambda s: bare(headers=field("cookie", f"theme=dark; sid={s}")),
    "bare cookie": lambda s: bare(headers=field("cookie", s)),
    "set-cookie": lambda s: bare(answered=field("set-cookie", f'sid="{s}"; Path=/; HttpOnly')),
    "key in query": lambda s: bare(query=f"page=1&api_key={quote(s)}"),
    "token in query": lambda s: bare(query=f"access_token={quote_plus(s)}"),
    "presigned": lambda s: bare(query=f"X-Amz-Credential=a&X-Amz-Signature={quote(s, safe='')}&X-Amz-Expires=60"),
    "presigned in body": lambda s: bare(
        answer=json.dumps({"upload": f"https://s3.example/a?X-Amz-Signature={quote(s, safe='')}"}).encode()
    ),
    "location": lambda s: bare(answered=field("location", f"https://shop.example/done?token={quote(s)}")),
    "referer": lambda s: bare(headers=field("referer", f"https://shop.example/?session_token={quote(s)}")),
    "user of a URL": lambda s: bare(answer=json.dumps({"url": f"https://jane:{quote(s)}@shop.example/"}).encode()),
    "password": lambda s: bare(body=json.dumps({"user": "jane", "password": s}).encode()),
    "nested": lambda s: bare(answer=json.dumps({"data": [{"clientSecret": s}]}).encode()),
    "list": lambda s: bare(answer=json.dumps({"refresh_tokens": [s]}).encode()),
    "form": lambda s: bare(headers=FORM, body=f"user=jane&password={quote_plus(s)}".encode()),
    "multipart": lambda s: bare(
        headers=field("content-type", "multipart/form-data; boundary=b"),
        body=f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{s}\r\n--b--\r\n'.encode(),
    ),
    "XML": lambda s: bare(answer=f"<a><apiKey type='x'>{s}</apiKey></a>".encode()),
    "text": lambda s: bare(answer=f"retry with Authorization: Bearer {s}7_ or token={s}".encode()),
    "JSON in JSON": lambda s: bare(answer=json.dumps({"raw": json.dumps({"secret": s})}).encode()),
    "base64 of JSON": lambda s: bare(answer=json.dumps({"blob": b64(json.dumps({"api_key": s}))}).encode()),
    "base64 in a header": lambda s: bare(headers=field("x-state", b64(json.dumps({"password": s}), url=True))),
    "JWT": lambda s: bare(answer=json.dumps({"value": jwt({"sub": "jane", "key": s})}).encode()),
    "JWT in text": lambda s: bare(answer=f"see {jwt({'secret': s})}".encode()),
    "private key": lambda s: bare(answer=f"-----BEGIN PRIVATE KEY-----\n{s}\n-----END PRIVATE KEY-----".encode()),
    "declared header": lambda s: bare(headers=field("x-pets", s)),
    "declared member": lambda s: bare(body=json.dumps({"microchip": s}).encode()),
    "split over headers": lambda s: bare(
        headers=(*field("x-api-key", s), *field("x-part-a", s[: len(s) // 2]), *field("x-part-b", s[len(s) // 2 :]))
    ),
    "split by names": lambda s: bare(
        headers=(*field("x-token-1", s[: len(s) // 2]), *field("x-token-2", s[len(s) // 2 :]))
    ),
}
ECHOES: tuple[Callable[[str], Recorded], ...] = (
    lambda s: bare(answer=json.dumps({"error": f"{s} is no key"}).encode()),
    lambda s: bare(answer=json.dumps({"next": f"/x?{quote(quote(s, safe=''), safe='')}"}).encode()),
    lambda s: bare(path=f"/v1/keys/{quote(s, safe='')}"),
    lambda s: bare(answer=b64(f"prefix {s} suffix").encode()),
    lambda s: bare(answer=s.encode().hex().encode()),
)
"""How a service shows again what it knows from elsewhere."""


@pytest.fixture(scope="module")
def redactor(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Redactor]:
    """Redactors of a document with a scheme and a member that hold secrets."""
    file = tmp_path_factory.mktemp("pets") / "pets.yaml"
    chip = "kind: {type: string, enum: [cat, dog]}\n        microchip: {type: string, writeOnly: true}"
    text = PETS.replace("name: X-Key", "name: X-Pets").replace("kind: {type: string, enum: [cat, dog]}", chip)
    file.write_text(text)
    contract = own.declare(own.Own(file, "pets"))[0].contract
    return lambda: Redactor([contract])


def secrets(count: int) -> list[str]:
    """Secrets of different lengths and alphabets."""
    chosen = random.Random(7)
    alphabets = (LETTERS, LETTERS + "+/=", LETTERS + "-_.~", LETTERS + "!$*")
    return ["".join(chosen.choices(alphabets[n % 4], k=chosen.choice((8, 12, 24, 40, 90)))) for n in range(count)]


def is_found(secret: str, *texts: str) -> bool:
    """Whether texts hold a secret, plain or encoded in any usual way."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], secret.encode().hex()}
    halves = {secret[: len(secret) // 2], secret[len(secret) // 2 :]} if len(secret) >= 24 else set()
    return any(form in text for form in forms | halves for text in texts)


def read(text: str) -> tuple[str, str]:
    """A text, and all that base64 in it stands for."""
    return text, "\n".join(from_base64(found) or "" for found in re.findall(r"[A-Za-z0-9+/_-]{8,}={0,2}", text))


@pytest.mark.parametrize("form", files.FORMATS)
def test_of_100_planted_secrets_none_is_found(redactor: Callable[[], Redactor], form: str) -> None:
    """In all places and forms, and shown again elsewhere: the written file has none of them."""
    planted = secrets(100)
    given: list[Recorded] = []
    for number, secret in enumerate(planted):
        given.append([*PLACES.values()][number % len(PLACES)](secret))
        if "split by names" not in [*PLACES][number % len(PLACES)]:
            given.append(ECHOES[number % len(ECHOES)](secret))
    before, after = (files.dumps(exchanges, form) for exchanges in (given, redacted(given, redactor())))
    hidden = read(before)
    assert sum(is_found(secret, *hidden) for secret in planted) > 90
    shown = read(after)
    assert [secret for secret in planted if is_found(secret, *shown)] == []
    assert len(files.loads(after.encode()).exchanges) == len(given)


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_found_in_each_place(redactor: Callable[[], Redactor], place: str) -> None:
    """Wherever it stands alone."""
    secret = "Zq7-kT0pW3rXv9LmN2sA"
    (one,) = redacted([PLACES[place](secret)], redactor())
    assert not is_found(secret, *read(files.dumps([one], "har")))
    assert not is_found(secret, *read(repr(one)))


def test_what_is_no_secret_stays(redactor: Callable[[], Redactor]) -> None:
    """Paging, idempotency keys, usual words and numbers, and messages about credentials."""
    body = {
        "next_page_token": "abcdefgh",
        "key": "name",
        "total_tokens": 12,
        "monkey": "chimpanzee",
        "public_key": "abcdef",
    }
    text = b"Bearer realm=shop, the token expired; Basic authentication"
    given = [
        bare(
            query="page_token=abcdefgh&cursor=xyz12345&sort=key",
            headers=(*field("idempotency-key", "abcdefgh1"), *field("x-note", b64("hello harmless world"))),
        ),
        bare(answer=json.dumps(body).encode(), answered=field("www-authenticate", 'Bearer realm="shop"')),
        bare(body=text, headers=field("x-empty-token", "")),
        bare(headers=field("cookie", "a=; ; b"), body=b"\xff\xfe"),
    ]
    assert list(redacted(given[:3], redactor())) == given[:3]
    (odd,) = redacted(given[3:], redactor())
    assert odd.request.body == b"\xff\xfe"
    assert odd.request.header("cookie") == "a=; ; masked-00000001"


def test_equal_secrets_have_equal_placeholders(redactor: Callable[[], Redactor]) -> None:
    """They are numbers of the length class of the secret, of all places alike; placeholders stay as they are."""
    one = bare(headers=field("authorization", "Bearer short-key"), query="api_key=short-key&token=masked-00000002")
    two = bare(headers=field("x-api-key", "x" * 30), body=json.dumps({"password": "p" * 80, "pin": 1234}).encode())
    first, second = redacted([one, two], redactor())
    assert first.request.header("authorization") == "Bearer masked-00000001"
    assert first.request.query == "api_key=masked-00000001&token=masked-00000002"
    placeholder = second.request.header("x-api-key") or ""
    assert re.fullmatch("masked-0{23}[1-9]", placeholder)
    body = json.loads(second.request.body)
    assert (len(body["password"]), body["pin"]) == (63, 0)


def test_short_secrets_are_replaced_in_their_place_only(redactor: Callable[[], Redactor]) -> None:
    """A short password is a usual word elsewhere."""
    given = [bare(headers=FORM, body=b"password=cat&kind=cat"), bare(answer=b'{"password": "cat", "kind": "cat"}')]
    form, answer = redacted(given, redactor())
    assert form.request.body == b"password=masked-00000001&kind=cat"
    assert json.loads(answer.response.body) == {"password": "masked-00000001", "kind": "cat"}


def test_mail_addresses_are_replaced_when_asked_for() -> None:
    """The same address has the same placeholder, which is an address again."""
    given = [bare(answer=b'{"to": "jane@pets.example", "text": "ask jane@pets.example"}')]
    (kept,) = redacted(given, Redactor())
    (gone,) = redacted(given, Redactor(emails=True))
    (again,) = redacted([gone], Redactor(emails=True))
    assert kept == given[0]
    address = json.loads(gone.response.body)["to"]
    assert re.fullmatch(r"masked-0+1@masked\.invalid", address)
    assert json.loads(gone.response.body)["text"] == f"ask {address}"
    assert again == gone


def test_base64_is_recognized() -> None:
    """Of either alphabet, with or without padding; other words are none."""
    assert [plain for _, plain in decoded(f"x {b64('hello world!')} y")] == ["hello world!"]
    assert from_base64(b64("ü?>ü?>ü?>", url=True).rstrip("=")) == "ü?>ü?>ü?>"
    assert from_base64("not-base64-at-all!") is None
    assert from_base64("AAAAAAAAAAAA") is None


def test_declared_names_are_found_anywhere() -> None:
    """Odd documents declare nothing."""
    assert not Names().in_body("microchip")


def test_masked_recordings_are_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After redacting, the same recording has no difference."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)
    chipped = [
        *session(),
        exchange("GET", "/owners/7/pets/41", 200, {**TOM, "name": "Tim"}, at=9, key="other-long-key"),
    ]
    recording(tmp_path, chipped)
    assert main(["redact", "session.json", "--out", "clean.har", "--api", "pets.yaml"]) == 0
    text = Path("clean.har").read_text()
    assert "other-long-key" not in text
    assert Path("clean.har").stat().st_mode & 0o077 == 0
    assert main(["replay", "clean.har", "--api", "pets.yaml"]) == 0


def test_redact_writes_any_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the ending, or as `--format` says; on standard output, too; what cannot be read is told."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)
    recording(tmp_path, [*session(), {"request": 1}])
    for name, form in (("a.yaml", None), ("b.json", "betamax"), ("c.json", None), ("d.har", None)):
        assert (
            main(["redact", "session.json", "--api", "pets.yaml", "--out", name, *(["--format", form] if form else [])])
            == 0
        )
        assert len(files.load(Path(name)).exchanges) == 8
    assert "interaction 9: it has no request" in capsys.readouterr().err
    assert main(["redact", "session.json", "--api", "pets.yaml", "--out", "-", "--format", "har", "--emails"]) == 0
    assert json.loads(capsys.readouterr().out)["log"]["version"] == "1.2"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["session.json", "--out", "a.txt"], "a recording ends with .yaml, .yml, .json, .har"),
        (["session.json", "--out", "-"], "--out -: say with --format"),
        (["none.har", "--out", "a.har"], "none.har: No such file"),
        (["session.json", "--out", "no/a.har"], "there is no folder"),
        (["binary.yaml", "--out", "a.json"], "--out a.json: its body is binary"),
    ],
)
def test_bad_arguments_of_redact_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    """Nothing is written."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)
    recording(tmp_path, session())
    Path("binary.yaml").write_text(files.dumps([bare(answer=b"\xff\x00")], "yaml"))
    before = sorted(tmp_path.iterdir())
    assert main(["redact", *arguments, "--api", "pets.yaml"]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_reports_of_a_replay_hold_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither text nor files show a token that differs, or the key in a URL."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)
    secret = "Zq7-kT0pW3rXv9LmN2sA<&>'"
    odd = exchange("GET", f"/owners?api_key={quote(secret)}", 200, [{"id": 1, "name": "Jane", "secret": secret}])
    other = exchange("GET", "/owners", 200, [{"id": 1, "name": "Jane", "secret": f"{secret}{secret}"}])
    recording(tmp_path, [odd, other, exchange("GET", "/owners", 500, [], key=secret)])
    outputs = [f"--{name}=out.{name}" for name in ("junit", "json", "html")]
    assert main(["replay", "session.json", "--api", "pets.yaml", *outputs]) == 1
    texts = [capsys.readouterr().out, *(Path(f"out.{name}").read_text() for name in ("junit", "json", "html"))]
    assert [is_found(secret, *read(text)) or "kT0pW3rXv9" in text for text in texts] == [False] * 4
    assert all("masked-" in text for text in texts)


def test_an_own_exchange_is_untouched(tmp_path: Path) -> None:
    """A session without secrets but its key changes in nothing else."""
    given = exchanges(tmp_path, session())
    clean = list(redacted(given, Redactor([declared(tmp_path).contract])))
    assert [one.response for one in clean] == [one.response for one in given]
    assert [one.request.body for one in clean] == [one.request.body for one in given]
