"""Journal, log and stories show no secret, wherever and however it stands, unless the server is told to show all."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from msgspec import structs
from test_redact import PETS, PLACES, is_found, read, secrets

from understudy.apis import own
from understudy.apis.control import declare as control
from understudy.cli.serve import _Hidden
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.http.log import FORMATS
from understudy.recording import files
from understudy.recording.hiding import Hider

_CHIP = "kind: {type: string, enum: [cat, dog]}\n        microchip: {type: string, writeOnly: true}"
TARGETS = (("POST", "/v1/owners"), ("POST", "/v1/owners/1/pets"), ("PUT", "/v1/owners/1/pets/1"), ("GET", "/v1/none"))


def planted(folder: Path, *, show: bool = False) -> tuple[App, list[str]]:
    """A server that got secrets in all places of requests, and shows them again in paths; and the secrets."""
    file = folder / "pets.yaml"
    text = PETS.replace("name: X-Key", "name: X-Pets").replace("kind: {type: string, enum: [cat, dog]}", _CHIP)
    file.write_text(text)
    api = own.declare(own.Own(file, "pets"))[0]
    app = App(Worlds([api, control], seeds={"pets": None}, show_secrets=show))
    key = next(iter(app.worlds.default.credentials.values())).token
    chosen = secrets(len(PLACES))
    for secret, make in zip(chosen, PLACES.values(), strict=True):
        one = make(secret)
        own_fields = ((b"x-pets", key.encode()), (b"content-type", b"application/json"))
        headers = (*own_fields, *one.request.headers, *one.response.headers)
        body = one.request.body or one.response.body
        for method, path in TARGETS:
            call(app, Request(method, path, one.request.query, headers, body))
        call(app, Request("PUT", f"/v1/owners/1/pets/{quote(secret, safe='')}", one.request.query, headers, body))
        call(app, Request("GET", "/v1/owners", one.request.query, headers))
    return app, [*chosen, key]


def shown(app: App) -> dict[str, str]:
    """All that the server shows of its exchanges."""
    world = app.worlds.default
    exchanges: list[Exchange] = [one for one in world.journal if one.api != "control"]
    hidden = _Hidden(app.worlds)
    lines = [format(hidden.line(one)) for one in exchanges * 2 for format in FORMATS.values()]
    texts = {"log": "".join(lines)}
    texts["journal"] = call(app, Request("GET", "/__mock__/journal", "limit=1000")).body.decode()
    each = (call(app, Request("GET", f"/__mock__/journal/{one.id}")).body.decode() for one in exchanges)
    texts["exchanges"] = "\n".join(each)
    for form in ("har", "yaml"):
        texts[form] = call(app, Request("GET", "/__mock__/journal.har", f"format={form}")).body.decode()
    return texts


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """In lines of the log, lists of the journal, whole exchanges with their stories, and recordings of it."""
    app, chosen = planted(tmp_path)
    for name, text in shown(app).items():
        found = [p for p, secret in zip([*PLACES, "key"], chosen, strict=True) if is_found(secret, *read(text))]
        assert found == [], name
        assert "masked-" in text, name


def test_what_a_server_shows_is_whole(tmp_path: Path) -> None:
    """With `--show-secrets` all of it is there, as it was sent."""
    app, chosen = planted(tmp_path, show=True)
    texts = shown(app)
    assert is_found(chosen[-1], texts["exchanges"])
    assert is_found(chosen[0], texts["log"])


def test_the_same_secret_has_the_same_placeholder(tmp_path: Path) -> None:
    """In the journal's list, in an exchange and in a recording, so that equal ones are seen to be equal."""
    app, _ = planted(tmp_path)
    secret = "not-yet-known-secret"
    call(app, Request("GET", f"/v1/none/{secret}", "", ((b"x-api-key", secret.encode()),)))
    stands = app.worlds.server.mask.placeholder(secret)
    listed = call(app, Request("GET", "/__mock__/journal", "limit=1")).json()["exchanges"][0]
    assert listed["path"] == f"/v1/none/{stands}"
    whole = call(app, Request("GET", f"/__mock__/journal/{listed['id']}")).json()
    assert [*whole["request"]["headers"][0]] == ["x-api-key", stands]
    har = call(app, Request("GET", "/__mock__/journal.har")).body
    (exchange,) = [one for one in files.loads(har).exchanges if one.request.path == f"/v1/none/{stands}"]
    assert exchange.request.header("x-api-key") == stands


def test_what_an_answer_shows_again_is_hidden(tmp_path: Path) -> None:
    """A secret of the request in a large answer, an error or a record that was written."""
    app, chosen = planted(tmp_path)
    secret = chosen[0]
    headers = ((b"x-pets", chosen[-1].encode()), (b"content-type", b"application/json"))
    call(app, Request("POST", "/v1/owners", "", headers, b'{"name": "Jane"}'))
    exchange = next(one for one in app.worlds.default.journal if one.writes)
    layout, id, *_ = exchange.writes[0]
    body = json.dumps({"note": secret}).encode()
    changed = structs.replace(
        exchange,
        request=Request("POST", "/v1/owners", "", ((b"x-api-key", secret.encode()),), b"x" * (1 << 17)),
        response=Response(400, ((b"x-mock-hint", f"it is {secret}".encode()),), body),
        error=f"KeyError: {secret}",
        message=f"{secret} is no name",
        flat_writes=(layout, id, None, body),
    )
    for hidden in (Hider(app.worlds).whole(changed), Hider(app.worlds).line(changed)):
        assert secret not in f"{hidden.message} {hidden.response.header('x-mock-hint')}"
    hidden = Hider(app.worlds).whole(changed)
    assert secret not in str(hidden)
