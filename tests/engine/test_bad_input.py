"""Bad input is refused in the vendor's envelope: never a 500, never a hang, never a change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import KEY, MANY, Client
from effort import examples
from understudy.document.compile import load
from understudy.engine.api import Api
from understudy.engine.exchange import Response
from understudy.engine.worlds import Worlds

RUN = "/api/v1/process-runs/krjb6boRAdEZX17PHDQJ"  # a Vendor Review: its first task holds every element type
TASK = f"{RUN}/tasks/ywyFBMBf9EY1N2HadSox"
RUNS = "/api/v1/process-runs"
TEMPLATE = "/api/v1/process-templates/CcIJXVzRuiP5HvI26FTE"
START = {"template_id": "CcIJXVzRuiP5HvI26FTE"}
ELEMENTS = {
    "shortText": "elem_002", "longText": "elem_003", "number": "elem_004", "email": "elem_005", "website": "elem_006",
    "date": "elem_007", "checkbox": "elem_008", "dropdown": "elem_009", "multichoice": "elem_010",
}  # fmt: skip
DEEP = b"[" * 10_000 + b"]" * 10_000
TEN_MEGABYTES = 10 << 20


class Bad(NamedTuple):
    """One bad request, with its status and reason under the default assumptions."""

    name: str
    method: str
    target: str
    body: bytes | None
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()

    def send(self, client: Client) -> Response:
        """Send the request."""
        return client.send(self.method, self.target, raw=self.body, **dict(self.headers))


def bad_bodies() -> Iterator[Bad]:
    """Bodies that are no JSON object, or have members of a wrong type, for every operation with a body."""
    malformed = {
        "empty braces": b"{", "bare word": b"completed", "single quotes": b"{'a': 1}", "trailing comma": b'{"a": 1,}',
        "two values": b"{} {}", "NaN": b'{"value": NaN}', "Infinity": b'{"value": -Infinity}',
        "lone surrogate": b'{"name": "\\ud800"}', "half pair": b'{"name": "\\ud800\\u0041"}',
        "swapped pair": b'{"name": "\\udc00\\ud800"}', "invalid UTF-8": b'{"name": "\xff"}',
        "encoded surrogate": b'{"name": "\xed\xa0\x80"}', "raw control character": b'{"name": "\n"}',
        "UTF-16": '{"name": "a"}'.encode("utf-16"), "byte order mark": b"\xef\xbb\xbf{}", "NUL": b"\x00",
        "blank": b" ", "nested": DEEP, "nested objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        "huge exponent": b'{"value": 1e400}', "5000 digits": b'{"value": ' + b"1" * 5_000 + b"}",
    }  # fmt: skip
    no_objects = {
        "array": b"[]",
        "text": b'"a"',
        "number": b"1",
        "null": b"null",
        "true": b"true",
        "nested 200": DEEP[9_800:10_200],
    }
    for operation, method, target in (
        ("create", "POST", RUNS),
        ("update", "PATCH", TASK),
        ("publish", "POST", f"{TEMPLATE}/publish"),
    ):
        for name, body in (malformed | no_objects).items():
            yield Bad(f"{operation}: {name}", method, target, body, 400, "validation")
        for size in (TEN_MEGABYTES, (1 << 20) + 1):
            yield Bad(f"{operation}: {size} bytes", method, target, b'"' + b"x" * (size - 2) + b'"', 413, "validation")
        for kind in (
            "",
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "application",
            "json",
            "/",
        ):
            yield Bad(
                f"{operation}: content type {kind!r}",
                method,
                target,
                b"{}",
                415,
                "validation",
                (("content-type", kind),),
            )
    yield Bad("create: no body", "POST", RUNS, None, 400, "validation")


def bad_values() -> Iterator[Bad]:
    """JSON objects with a member that no run or task accepts."""
    starts: dict[str, Any] = {
        "no template": {}, "template null": {"template_id": None}, "template 1": {"template_id": 1},
        "template list": {"template_id": ["CcIJXVzRuiP5HvI26FTE"]}, "name 1": START | {"name": 1},
        "name null": START | {"name": None}, "title list": START | {"title": []}, "due 1": START | {"due_date": 1},
        "due word": START | {"due_date": "tomorrow"}, "due empty": START | {"due_date": ""},
        "due 13th month": START | {"due_date": "2026-13-01"}, "due year 0": START | {"due_date": "0000-01-01"},
        "actor 1": START | {"actor_email": 1}, "elements map": START | {"custom_elements": {}},
        "elements text": START | {"custom_elements": "elem_001"}, "element 1": START | {"custom_elements": [1]},
        "element without value": START | {"custom_elements": [{"task_id": "Y9Rxzi3uDOvGAYojkHti",
        "element_id": "elem_001"}]},
        "unknown task": START | {"custom_elements": [{"task_id": "nope", "element_id": "elem_001", "value": ""}]},
        "unknown element": START | {"custom_elements": [{"task_id": "Y9Rxzi3uDOvGAYojkHti", "element_id": "\u0000",
        "value": ""}]},
        "second element wrong": START | {"custom_elements": [
            {"task_id": "Y9Rxzi3uDOvGAYojkHti", "element_id": "elem_001", "value": "Jane"},
            {"task_id": "Y9Rxzi3uDOvGAYojkHti", "element_id": "elem_002", "value": 5}]},
    }  # fmt: skip
    for name, body in starts.items():
        yield Bad(f"create: {name}", "POST", RUNS, encoded(body), 400, "validation")
    yield Bad("create: unknown template", "POST", RUNS, encoded({"template_id": "x" * 100_000}), 404, "not-found")
    yield Bad("create: NUL template", "POST", RUNS, encoded({"template_id": "\u0000"}), 404, "not-found")
    yield Bad("create: draft", "POST", RUNS, encoded({"template_id": "eVpS5VJhIsuKqixObgo9"}), 400, "state")
    yield Bad("publish: text", "POST", f"{TEMPLATE}/publish", encoded({"published": "false"}), 400, "validation")
    yield Bad("publish: null", "POST", f"{TEMPLATE}/publish", encoded({"published": None}), 400, "validation")
    updates: dict[str, Any] = {
        "completed text": {"completed": "true"}, "completed 1": {"completed": 1}, "completed null": {"completed": None},
        "assignee 1": {"assignee": 1}, "assignee null": {"assignee": None},
        "assignee nobody": {"assignee": "nobody@company.com"},
        "assignee inactive": {"assignee": "sam@company.com"}, "assignee empty": {"assignee": ""},
        "assignee long": {"assignee": "x" * 100_000}, "actor list": {"actor_email": []},
        "elements null": {"custom_elements": None}, "element without id": {"custom_elements": [{"value": 1}]},
        "element id 1": {"custom_elements": [{"id": 1, "value": 1}]},
        "unknown element": {"custom_elements": [{"id": "elem_999", "value": "a"}], "completed": True},
        "long element": {"custom_elements": [{"id": "x" * 100_000, "value": "a"}]},
        "good and bad": {"completed": True, "assignee": "tom@company.com", "custom_elements": [
            {"id": ELEMENTS["shortText"], "value": "Harbour"}, {"id": ELEMENTS["number"], "value": "many"}]},
    }  # fmt: skip
    for name, body in updates.items():
        yield Bad(f"update: {name}", "PATCH", TASK, encoded(body), 400, "validation")
    wrong: dict[str, tuple[Any, ...]] = {
        "shortText": (1, 1.5, True, [], {}, ["a"]), "longText": (1, False, [], {}),
        "number": ("1", "", "NaN", True, [], {}, [1]), "email": ("jane", "", "a b@c", 1, ["a@b"], {}),
        "website": ("example.org", "", "://", 1, [], {}), "date": ("tomorrow", "", "2026-02-30", 20260401, [], {}),
        "checkbox": ("true", "yes", 1, 0, [], {}), "dropdown": ("Legal", "", "engineering", 1, True, ["Engineering"],
        {}),
        "multichoice": ("APAC", ["APAC", "Moon"], [1], [None], [["APAC"]], [{}], {}, 1, True),
    }  # fmt: skip
    for kind, values in wrong.items():
        for value in values:
            body = encoded({"custom_elements": [{"id": ELEMENTS[kind], "value": value}]})
            yield Bad(f"update: {kind} {value!r}", "PATCH", TASK, body, 400, "validation")
    for element in ("elem_001", "elem_011", "elem_012", "elem_013"):
        for value in ("a", None, 1):
            body = encoded({"custom_elements": [{"id": element, "value": value}]})
            yield Bad(f"update: display-only {element} {value!r}", "PATCH", TASK, body, 400, "validation")


def bad_queries() -> Iterator[Bad]:
    """Query parameters that are out of range, of a wrong type, repeated, or an unknown cursor."""
    lists = ("/api/v1/process-runs", "/api/v1/process-templates", f"{TEMPLATE}/tasks", f"{RUN}/tasks")
    queries = (
        *(f"limit={text}" for text in ("0", "101", "-1", "abc", "", "1.0", "1e1", "+1", "%201", "0x10", "1_0", "\u0661",
        "9" * 39)),
        *(f"limit={text}" for text in ("9" * 5_000, "%00", "%FF", "null", "true")),
        *(f"cursor={text}" for text in ("", "nope", "%00", "%FF", "a%0Ab", "a%2Fb", "%F0%9F%90%88", "x" * 100_000)),
        "cursor=DLZlVDMLLTD2WjVRF69C", "cursor=QUJD", "cursor=====", "cursor=eA",
        "limit=1&limit=2", "limit=1&limit=1", "cursor=a&cursor=b", "limit=abc&limit=5", "limit=5&limit=abc",
        "limit=0&limit=0",
        "limit", "cursor", "limit=5&cursor=%00&limit=5",
    )  # fmt: skip
    for target in lists:
        for query in queries:
            name = query if len(query) < 60 else f"{query[:20]}... ({len(query)})"
            yield Bad(f"{target}?{name}", "GET", f"{target}?{query}", None, 400, "validation")
    for query in ("status=done", "status=", "status=Active", "status=active&status=completed", "status=%00"):
        yield Bad(f"runs?{query}", "GET", f"{RUNS}?{query}", None, 400, "validation")
    yield Bad("runs?template_id twice", "GET", f"{RUNS}?template_id=a&template_id=b", None, 400, "validation")


def bad_paths() -> Iterator[Bad]:
    """Unknown ids, unknown paths and methods that are not allowed."""
    ids = {
        "unknown": "nope", "slash": "a%2Fb", "newline": "a%0Ab", "carriage return": "a%0D%0Ab", "NUL": "%00",
        "invalid UTF-8": "%FF%FE", "surrogate": "%ED%A0%80", "not encoded": "%ZZ", "dots": "%2E%2E",
        "long": "x" * 100_000,
        "long encoded": "%00" * 33_000, "space": "%20", "quote": "%22%27", "cat": "%F0%9F%90%88",
        "lower": "cwpvwwuj7jkvl3smlyxb",
        "another team's run": "hWC1zethGtXcIjv1CSwv", "another team's template": "gX465hOTRpc1LKY11UQp",
        "non-ASCII": "é",
    }  # fmt: skip
    for name, id in ids.items():
        for target in (f"{RUNS}/{id}", f"{RUNS}/{id}/tasks", f"{RUNS}/{id}/tasks/x", f"{RUN}/tasks/{id}",
                       f"/api/v1/process-templates/{id}", f"/api/v1/process-templates/{id}/tasks"):  # fmt: skip
            yield Bad(f"{name}: {target[:60]}", "GET", target, None, 404, "not-found")
        yield Bad(f"update {name}", "PATCH", f"{RUN}/tasks/{id}", b'{"completed": true}', 404, "not-found")
        yield Bad(f"publish {name}", "POST", f"/api/v1/process-templates/{id}/publish", b"{}", 404, "not-found")
    for target in ("/api/v1", "/api/v1/", "/api/v1/nope", f"{RUNS}/", f"{RUN}/", f"{RUN}/tasks/", f"{TASK}/more",
                   "/api/v1//process-runs", "/api/v1/process%2Druns", "/api/v1/Process-Runs",
                   f"/api/v1/{'x' * 100_000}",
                   f"{RUNS}/..", "/api/v1/%00", "/api/v1/é"):  # fmt: skip
        path = f"{RUNS}/nope/.." if target.endswith("..") else target
        yield Bad(f"route {target[:60]}", "GET", path, None, 404, "route")
        yield Bad(f"route POST {target[:60]}", "POST", path, b"{", 404, "route")
    for target in (RUNS, RUN, TASK, f"{RUN}/tasks", TEMPLATE, f"{TEMPLATE}/publish", f"{TEMPLATE}/tasks"):
        for method in ("PUT", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get"):
            yield Bad(f"{method} {target[:60]}", method, target, None, 405, "route")


def bad_keys() -> Iterator[Bad]:
    """Invalid credentials."""
    for value in ("", " ", "Bearer", "Bearer ", "Bearer  ", KEY, f"Basic {KEY}", f"Bearer  {KEY}",
    f"Bearer: {KEY}",
                  f"Bearer {KEY},Bearer {KEY}", f"Bearer {KEY.upper()}", "Bearer nxs_live_\xff",
                  "Bearer " + "x" * 100_000, "Bearer \x00",
                  "Bearer nxs_live_00000000000000000000000000000a0f"):  # fmt: skip
        for method, target, body in (
            ("GET", RUNS, None),
            ("PATCH", TASK, b'{"completed": true}'),
            ("POST", RUNS, b"{"),
        ):
            yield Bad(f"{method} with {value[:40]!r}", method, target, body, 401, "auth", (("authorization", value),))


def encoded(value: Any) -> bytes:
    """A JSON body as bytes."""
    return json.dumps(value).encode()


BAD = [*bad_bodies(), *bad_values(), *bad_queries(), *bad_paths(), *bad_keys()]
KNOWN = load("nextstep").assumptions.values()
ALTERNATIVES = [
    pytest.param(number, {id: value}, id=f"{id}={json.dumps(value)}")
    for number, (id, value) in enumerate((known.id, value) for known in KNOWN for value in known.alternatives)
]


def share(cases: Iterable[Any], number: int, config: pytest.Config) -> Iterator[Any]:
    """A quarter of the cases, another one for each number; all of them in the long profile."""
    return islice(cases, 0 if config.getoption("--deep") else number % 4, None, 1 if config.getoption("--deep") else 4)


def test_bad_input_is_refused_in_the_vendors_envelope(client: Client) -> None:
    """Each bad request gets its status and reason, an error of code and message alone, and changes nothing."""
    before = client.worlds.default.export()
    for bad in BAD:
        response = bad.send(client)
        assert (response.status, response.header("x-mock-reason")) == (bad.status, bad.reason), (
            bad.name[:200],
            response,
        )
        error = response.json()["error"]
        assert sorted(error) == ["code", "message"], bad.name
        assert 0 < len(error["message"]) <= 1000, bad.name
    assert client.worlds.default.export() == before


@pytest.mark.beside
@pytest.mark.parametrize(("number", "assumptions"), ALTERNATIVES)
def test_no_alternative_makes_bad_input_a_500(
    assuming: Callable[..., Client], pytestconfig: pytest.Config, number: int, assumptions: dict[str, Any]
) -> None:
    """Under no alternative is a bad request a 500; a refused one changes nothing."""
    client = assuming(assumptions)
    before = client.worlds.default.export()
    for bad in share(BAD, number, pytestconfig):
        response = bad.send(client)
        assert response.status < 500, (bad.name[:200], client.last()["error"])
        if response.status < 400:
            client.worlds.reset(client.worlds.default)
    assert client.worlds.default.export() == before


def odd_requests() -> Iterator[tuple[str, str, Any]]:
    """Unusual but valid requests, on which an alternative might fail."""
    due_dates = (
        "0001-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31", "2026-02-29", "1-1-1",
        "2026-04-07T10", "2026-W15-2", "20260407", "2026-04-07T10:00:00Z", "2026-04-07 10:00", "0999-05-05T00:00:00.5Z",
    )  # fmt: skip
    for due_date in due_dates:
        yield "POST", RUNS, START | {"due_date": due_date}
    for names in ({"name": ""}, {"name": "", "title": ""}, {"title": ""}, {"name": "a", "title": ""}, {"name": "",
    "title": "b"},
                  {"name": "\u0000\ud83d\ude00"}, {"name": "x" * 100_000}):  # fmt: skip
        yield "POST", RUNS, START | names
    for email in ("", "jane@company.com", "JANE@COMPANY.COM", "sam@company.com", "nobody", "x" * 100_000, "\u0000"):
        yield "POST", RUNS, START | {"actor_email": email}
        yield "PATCH", TASK, {"actor_email": email}
        yield "PATCH", TASK, {"actor_email": email, "completed": True}
    values: tuple[Any, ...] = (
        None, True, 0, -0.0, 1.5, 10**15, 10**30, -(10**30), 5e-324, 1.7e308, "", "42", "-0", "1.0", "9" * 30, "1e5",
        "true", "NaN", "\u0000", "x" * 100_000, "jane@company.com", "https://example.org", "0001-01-01T00:00:00+23:59",
        "2026-04-07", "Engineering", [], ["APAC"], ["APAC", "APAC"], [[]], {}, {"a": [1]},
        json.loads("[" * 200 + "]" * 200),
    )  # fmt: skip
    for value in values:
        for element in ELEMENTS.values():
            yield "PATCH", TASK, {"custom_elements": [{"id": element, "value": value}]}
            prefill = {"task_id": "QUemObF9H7qOAS92l8Og", "element_id": element, "value": value}
            yield "POST", RUNS, {"template_id": "fwr4Q23vguZkitz9jRo5", "custom_elements": [prefill]}
    for query in ("limit=1", "limit=100", "limit=001", "limit=-0", "limit=%31", "lim%69t=5", "LIMIT=5", "&&", "=",
                  "limit=5&", "%00=%00", "a=1&a=2"):  # fmt: skip
        yield "GET", f"{RUNS}?{query}", None
    yield "PATCH", TASK, None
    yield "PATCH", TASK, {"completed": True, "x" * 100_000: {"custom_elements": None}}


@pytest.mark.beside
@pytest.mark.parametrize(("number", "assumptions"), [pytest.param(0, {}, id="defaults"), *ALTERNATIVES])
def test_odd_but_possible_input_is_never_a_500(
    assuming: Callable[..., Client], pytestconfig: pytest.Config, number: int, assumptions: dict[str, Any]
) -> None:
    """Extreme dates, huge numbers and odd texts are accepted or refused under every alternative."""
    client = assuming(assumptions, checked=True)
    for method, target, body in share(odd_requests(), number, pytestconfig):
        assert client.send(method, target, body).status < 500, client.last()
    assert client.send("GET", f"{RUNS}?limit=100").status == 200, client.last()["error"]
    assert client.send("GET", TASK).status == 200, client.last()["error"]


@pytest.mark.parametrize("number", [2**53 + 1, 2**63, 2**64, -(2**64) - 1, 10**30])
def test_big_integers_are_kept_exactly(client: Client, number: int) -> None:
    """A number beyond the range of floats is returned digit by digit."""
    body = b'{"custom_elements": [{"id": "elem_004", "value": %d}]}' % number
    assert client.send("PATCH", TASK, raw=body).status == 200
    assert b'"value":%d,' % number in client.send("GET", TASK).body


@pytest.mark.parametrize(
    ("policy", "query", "limit"),
    [("first", "limit=2&limit=abc", 2), ("last", "limit=abc&limit=2", 2), ("last", "limit=1&limit=1&limit=3", 3)],
)
def test_of_a_duplicate_parameter_only_the_one_that_counts_is_read(
    assuming: Callable[..., Client], policy: str, query: str, limit: int
) -> None:
    """Where one of two values of a parameter counts, the other may be invalid."""
    client = assuming({"nextstep.errors.duplicate-query-parameters": policy})
    assert len(client.get(f"/process-runs?{query}").json()["data"]) == limit


def test_of_a_duplicate_parameter_the_one_that_counts_must_be_right(assuming: Callable[..., Client]) -> None:
    """An invalid value is refused if it is the one that counts."""
    client = assuming({"nextstep.errors.duplicate-query-parameters": "last"})
    assert client.get("/process-runs?limit=1&limit=abc").status == 400


def test_unknown_members_are_named_in_the_order_given(assuming: Callable[..., Client]) -> None:
    """The message about unknown members lists them in the order of the body."""
    client = assuming({"nextstep.errors.unknown-body-fields": "reject"})
    body = {**START, **{f"member_{n}": n for n in range(20)}}
    assert client.post("/process-runs", body).json()["error"]["message"] == "unknown field member_0"


CONTROL = load("control")
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NEAR = {
    "now": st.sampled_from(["2026-04-08", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+12:00", "x"]),
    "frozen": st.booleans(), "seconds": st.floats(-1, 1e10) | st.integers(-1, 10**10),
    "api": st.sampled_from(["nextstep", "control", "x"]),
    "event": st.sampled_from(["skip-task", "reject-task", "approve-task", "edit-template", "revoke-key",
    "lapse-subscription", "x"]),
    "tenant": st.sampled_from(["t1", "t2", "t3", "x"]), "run_id": st.sampled_from(["R1", "R2"]),
    "task_id": st.sampled_from(["R1a", "x"]),
    "template_id": st.sampled_from(["T1", "T2", "T3"]), "tasks": st.just([{"title": "a"}]),
    "key": st.sampled_from([KEY, "old"]),
    "operation": st.sampled_from([*load("nextstep").operations, "x"]), "status": st.integers(199, 600),
    "times": st.integers(0, 2),
    "headers": st.dictionaries(st.sampled_from(["Retry-After", "a b", "X-\n", "Content-Length", "TRANSFER-ENCODING",
    "é"]), st.text()),
    "body": ANY_JSON, "nextstep.pagination.limit-out-of-range": st.sampled_from(["clamp", "reject", "x"]),
    "nextstep.runs.completion-delay": st.sampled_from([0, 2, 0.0, 2.0, True]),
}  # fmt: skip


@settings(max_examples=examples(50, 1_000), derandomize=True, database=None, deadline=None)
@given(data=st.data())
def test_the_control_api_never_answers_500(
    data: st.DataObject, nextstep: Api, control: Api, small: dict[str, Any]
) -> None:
    """The control API accepts any input or refuses it with problem details, and the mock keeps answering."""
    client = Client(Worlds([nextstep, control], seeds=small, limits={"nextstep": None}))
    for _ in range(5):
        operation = data.draw(st.sampled_from(list(CONTROL.operations.values())))
        path = operation.path.replace(
            "{id}", data.draw(st.sampled_from(["default", "1", "99", "x", "%00", "%FF", "9" * 18, "9" * 99]))
        )
        names = data.draw(st.lists(st.sampled_from(["api", "operation", "status", "reason", "limit", "x"]), max_size=2))
        query = "&".join(
            f"{name}={data.draw(st.sampled_from(['', '1', '0', '-1', 'x', '%00', '400', '9' * 40]))}" for name in names
        )
        body = data.draw(ANY_JSON | st.fixed_dictionaries({}, optional=NEAR)) if operation.body else None
        response = client.control(operation.method, f"{path}?{query}", body)
        assert response.status < 500, (operation, path, query, body, response)
        assert response.status < 400 or response.header("content-type") == "application/problem+json"
    for target in ("/process-runs", "/process-templates", "/process-runs/R1/tasks"):
        response = client.get(target)
        assert response.status < 500 or client.done("GET", "/faults") or response.header("x-mock-reason") == "fault", (
            client.last()
        )
    assert client.control("GET", "/clock").status == 200


@pytest.mark.parametrize(
    "body",
    [b"{", DEEP, b"\xff", b"null", b"[]", b"", b'{"seconds": 1e999}', b'{"seconds": NaN}', b'{"now": "\\ud800"}'],
)
def test_control_bodies_that_are_no_json_objects_are_400(client: Client, body: bytes) -> None:
    """Every control operation with a body refuses a body that is no JSON object, and changes nothing."""
    before = client.worlds.default.export()
    for operation in CONTROL.operations.values():
        if operation.body and (body or operation.body.required):
            assert client.send(operation.method, f"/__mock__{operation.path}", raw=body).status == 400, operation
    assert client.worlds.default.export() == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"host": "["}, 403), ({"host": "evil.example"}, 403), ({"host": "[::1]:8629"}, 200), ({"host": "localhost:x"},
    200),
     ({"host": ""}, 200), ({"origin": "http://[", "host": "localhost"}, 403),
     ({"origin": "null"}, 403), ({"origin": "http://understudy", "host": "understudy"}, 200),
     ({"sec-fetch-site": "cross-site"}, 403)],
)  # fmt: skip
def test_odd_hosts_and_origins_are_refused(client: Client, headers: dict[str, str], status: int) -> None:
    """The control API answers 403 for any host or origin but its own and this machine's names."""
    assert client.control("GET", "/health", **headers).status == status


REPLACEMENTS: tuple[Any, ...] = (
    "DELETE", None, "", "nope", "R1", 0, 1, -1, 1.5, 2.0, 10**30, True, [], {}, [None], {"a": 1}, ["R1"],
    "0001-01-01T00:00:00+12:00",
    "2026-13-01T00:00:00.000Z",
)  # fmt: skip


def damaged(state: Any) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    """Yield the state with one member replaced or removed: the pointer, the new value, the state."""
    seen = set()
    for place in places(state, ()):
        kind = tuple(part if isinstance(part, str) else 0 for part in place)
        if kind in seen or not place:
            continue
        seen.add(kind)
        for replacement in REPLACEMENTS:
            copy = json.loads(json.dumps(state))
            parent = copy
            for part in place[:-1]:
                parent = parent[part]
            if replacement == "DELETE":
                del parent[place[-1]]
            else:
                parent[place[-1]] = replacement
            yield place, replacement, copy


def places(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the pointer to each member of a JSON value."""
    yield at
    for name, child in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(child, (*at, name))


@pytest.mark.beside
@pytest.mark.parametrize("part", [pytest.param(n, marks=[pytest.mark.deep] if n else []) for n in range(20)])
def test_a_damaged_state_is_refused_whole_or_works(
    make_worlds: Callable[..., Worlds], small: dict[str, Any], part: int
) -> None:
    """A state with one wrong member is refused as a whole with 400, or every operation still works."""
    client = Client(make_worlds(seeds=small, limits={"nextstep": MANY}, assume={"nextstep.runs.completion-delay": 2}))
    world = client.worlds.default
    tasks = client.get("/process-runs/R1/tasks").json()["data"]
    for task in tasks:
        assert client.patch(f"/process-runs/R1/tasks/{task['id']}", {"completed": True}).status == 200
    assert client.post("/process-runs", {"template_id": "T1", "actor_email": "ann@x.org"}).status == 201
    before = world.export()
    for number, (place, replacement, state) in enumerate(damaged(before)):
        if number % 20 != part:
            continue
        response = client.control("PUT", "/state", state)
        assert response.status in (204, 400), (place, replacement, client.worlds)
        if response.status == 400:
            assert world.export() == before, (place, replacement)
            continue
        assert not list(failures(client)), (place, replacement, list(failures(client)))
        client.done("PUT", "/state", before)
        assert world.export() == before


def failures(client: Client) -> Iterator[str]:
    """Use all that a state holds; returns the responses with status 500."""
    run = {
        "template_id": "T1",
        "actor_email": "ann@x.org",
        "custom_elements": [{"task_id": "a", "element_id": "name", "value": "Jo"}],
    }
    update = {"completed": True, "assignee": "u1", "actor_email": "ann@x.org", "custom_elements": [
        {"id": "name", "value": "Jo"}, {"id": "team", "value": "Sales"}, {"id": "tools",
        "value": ["Sales"]}]}  # fmt: skip
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/process-runs", None), ("GET", "/process-runs?limit=1&cursor=R1", None), ("GET",
        "/process-templates", None),
        ("GET", "/process-runs?status=active&template_id=T1", None), ("POST", "/process-runs", run), ("PATCH",
        "/process-runs/R1/tasks/R1a", update),
        *(("GET", f"/process-templates/{id}{more}", None) for id in ("T1", "T2", "T3") for more in ("", "/tasks")),
        *(("GET", f"/process-runs/{id}{more}", None) for id in ("R1", "R2") for more in ("", "/tasks")),
        *(("POST", f"/process-templates/{id}/publish", {"published": flag}) for id in ("T1", "T2") for flag in (False,
        True)),
    ]  # fmt: skip
    events: list[dict[str, Any]] = [
        {"event": "edit-template", "template_id": "T1", "tasks": [{"title": "New"}]},
        *({"event": event, "run_id": "R1", "task_id": "R1a"} for event in ("skip-task", "approve-task", "reject-task")),
        {"event": "revoke-key", "key": KEY}, {"event": "lapse-subscription"},
    ]  # fmt: skip
    client.control("POST", "/clock/advance", {"seconds": 3})
    for method, target, body in calls:
        if client.send(method, f"/api/v1{target}", body).status >= 500:
            yield f"{method} {target}: {client.last()['error']}"
    for method, target in (
        ("GET", "/state"),
        ("GET", "/outbox"),
        ("GET", "/assumptions"),
        ("GET", "/clock"),
        ("POST", "/worlds"),
    ):
        if client.control(method, target).status >= 500:
            yield f"{method} {target}"
    for event in events:
        response = client.control("POST", "/events", {"api": "nextstep", **event})
        if response.status >= 500:
            yield f"{event}: {response.body!r}"
