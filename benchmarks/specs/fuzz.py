"""Schemathesis over HTTP, with the document itself: answers that do not fit it, few examples an operation."""

from __future__ import annotations

import base64
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.openapi.checks import UndefinedStatusCode

from benchmarks.specs.client import TIMEOUT
from benchmarks.specs.document import Document

CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_headers_conformance,
    schemathesis.checks.response_schema_conformance,
]
CONFIG = {
    "seed": 1,
    "cache": {"enabled": False},
    "generation": {"deterministic": True, "database": "none", "with-security-parameters": False},
    "analysis": {"constants": {"enabled": False}},
}


class Fuzzed(NamedTuple):
    """The number of requests, and what was wrong with answers, with how often."""

    requests: int
    unfit: Counter[str]
    undocumented: Counter[str]
    errors: Counter[str]
    hangs: Counter[str]
    left_out: Counter[str]
    """Operations of which schemathesis made no request, by reason."""


def fuzz(document: Document, base_url: str, credentials: Mapping[str, str], *, examples: int, until: float) -> Fuzzed:
    """Send so many valid requests, and as many invalid ones, to each operation."""
    found = Fuzzed(0, Counter(), Counter(), Counter(), Counter(), Counter())
    config = schemathesis.Config.from_dict(CONFIG)
    schema = schemathesis.openapi.from_dict(document.bundled(), config=config)
    session = requests.Session()
    session.trust_env = False
    sent = 0
    for result in schema.get_all_operations():
        if time.monotonic() > until or sum(found.hangs.values()) > 2:
            found.left_out["out of time"] += 1
        elif not hasattr(result, "ok") or result.__class__.__name__ == "Err":
            found.left_out[f"unreadable to schemathesis: {str(result.err())[:80]}"] += 1
        else:
            sent += _operation(result.ok(), document, session, base_url, credentials, examples, found)
    return found._replace(requests=sent)


def _operation(
    operation: Any, document: Document, session: requests.Session, base_url: str, credentials: Mapping[str, str],
    examples: int, found: Fuzzed,
) -> int:  # fmt: skip
    name, sent = f"{operation.method.upper()} {operation.path}", 0
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

        @settings(
            max_examples=examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            nonlocal sent
            sent += 1
            _case(case, name, session, base_url, _credential(document, operation, credentials), found)

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                send()
        except requests.RequestException as error:
            found.hangs[f"{name}: {type(error).__name__}"] += 1
        except Exception as error:  # schemathesis cannot make such a request, or hypothesis gives up
            found.left_out[f"{mode.name.lower()}: {type(error).__name__}"] += 1
    return sent


def _case(
    case: Any, name: str, session: requests.Session, base_url: str, credential: Mapping[str, Any], found: Fuzzed
) -> None:
    response = case.call(base_url=base_url, session=session, timeout=TIMEOUT, **credential)
    if response.status_code >= 500:
        found.errors[f"{name}: {response.status_code} {response.text[:160]}"] += 1
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        for failure in group.exceptions:
            _count(failure, name, response, found)
    except Failure as failure:
        _count(failure, name, response, found)


def _count(failure: BaseException, name: str, response: Any, found: Fuzzed) -> None:
    is_refusal = isinstance(failure, UndefinedStatusCode) and 400 <= response.status_code < 500
    counted = found.undocumented if is_refusal else found.unfit
    counted[f"{name}: {response.status_code}: {_gist(failure)}"] += 1


def _gist(failure: Any) -> str:
    text = " ".join(str(getattr(failure, "message", failure)).split())
    return f"{getattr(failure, 'title', type(failure).__name__)}: {text}"[:240]


def _credential(document: Document, operation: Any, credentials: Mapping[str, str]) -> Mapping[str, Any]:
    """What the first usable scheme of an operation adds to its requests."""
    known = document.operation(operation.method.upper(), operation.path)
    added: dict[str, dict[str, str]] = {"headers": {}, "params": {}, "cookies": {}}
    security = known.security if known is not None else ()
    for name in next((s for s in security if s and all(one in credentials for one in s)), {}):
        scheme, value = document.schemes.get(name, {}), credentials[name]
        if str(scheme.get("type")).lower() == "apikey":
            added[{"header": "headers", "query": "params", "cookie": "cookies"}[scheme["in"]]][scheme["name"]] = value
        elif str(scheme.get("scheme")).lower() == "basic":
            added["headers"]["Authorization"] = "Basic " + base64.b64encode(value.encode()).decode()
        else:
            added["headers"]["Authorization"] = f"Bearer {value}"
    return {key: value for key, value in added.items() if value}
