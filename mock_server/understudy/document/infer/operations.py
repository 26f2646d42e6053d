"""The operations of a normal form as inference sees them: the schema of the body, of the answer, the parameters.

Must not know what an operation does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from understudy.document.body import is_json
from understudy.document.pointer import at, find

Json = Any
METHODS = ("get", "post", "put", "patch", "delete")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_PARAMETER = re.compile(r"\{([^{}/]+)\}(\.[a-z]{2,4})?")


class Op(NamedTuple):
    """One operation. `body` and `answer` are schemas, None for none in JSON (of a body: nor in a form).

    `silent` is whether its success has no body at all; `patch` and `merge` whether the body is a JSON Patch or a
    JSON Merge Patch by its media type.
    """

    id: str
    path: str
    method: str
    own: Mapping[str, Json]
    body: Json
    patch: bool
    merge: bool
    required: bool
    answer: Json
    silent: bool
    status: str
    response: Mapping[str, Json]
    examples: tuple[Json, ...] = ()  # of the answer
    media: str = ""  # the media type of the answer

    @property
    def pointer(self) -> str:
        """The place of the operation in the document."""
        return at("paths", self.path, self.method)

    @property
    def place_of_response(self) -> str:
        """The place of the response of a success in the document."""
        own = self.own["responses"][self.status]
        return own["$ref"][1:] if "$ref" in own else self.pointer + at("responses", self.status)

    def parameters(self, location: str) -> dict[str, Mapping[str, Json]]:
        """The parameters in a location, by name."""
        return {one["name"]: one for one in self.own["parameters"] if one["in"] == location}


class Path(NamedTuple):
    """A path, cut into what stands before its last part and that part; `parameter` where it is one."""

    text: str
    head: str
    last: str
    parameter: str | None
    suffix: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters in it, in its order."""
        return tuple(found[1] for found in _PARAMETER.finditer(self.text))


def path_of(text: str) -> Path:
    """A path, cut."""
    head, _, last = text.rstrip("/").rpartition("/")
    found = _PARAMETER.fullmatch(last)
    if found:
        return Path(text, head, last, found[1], found[2] or "")
    stem = re.sub(r"\.(json|xml)$", "", last)
    return Path(text, head, stem, None, last[len(stem) :])


def operations(document: Json) -> Iterator[Op]:
    """The operations of a document that a resource may have."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(document, path, method, item[method])


def _operation(document: Json, path: str, method: str, own: Mapping[str, Json]) -> Op:
    own = {**own, "parameters": [_resolved(document, one) for one in own["parameters"]]}
    body = _resolved(document, own["requestBody"]) if "requestBody" in own and method != "get" else {}
    content: Mapping[str, Json] = body.get("content", {})
    sent = next((name for name in content if is_json(name)), None) or next(
        (name for name in content if name.partition(";")[0].strip().lower() in _FORMS), None
    )
    status = _success(own["responses"])
    response = _resolved(document, own["responses"][status]) if status else {}
    answers: Mapping[str, Json] = response.get("content", {})
    shown = next((name for name in answers if is_json(name)), None)
    return Op(
        id=own["operationId"],
        path=path,
        method=method,
        own=own,
        body=None if sent is None else content[sent].get("schema", True),
        patch=sent is not None and "json-patch" in sent,
        merge=sent is not None and "merge-patch" in sent,
        required=bool(body.get("required")),
        answer=None if shown is None else answers[shown].get("schema", True),
        silent=not answers,
        status=status,
        response=response,
        examples=() if shown is None else tuple(_examples(document, answers[shown])),
        media=shown or "",
    )


def _examples(document: Json, media: Json) -> Iterator[Json]:
    if "example" in media:
        yield media["example"]
    for entry in media.get("examples", {}).values():
        example = _resolved(document, entry)
        if "value" in example:
            yield example["value"]


def _success(responses: Mapping[str, Json]) -> str:
    """The key of the response of a success; empty without one."""
    for form in ("2[0-9]{2}", "2XX", "default"):
        for key in responses:
            if re.fullmatch(form, key):
                return key
    return ""


def _resolved(document: Json, entry: Json) -> Mapping[str, Json]:
    while "$ref" in entry:
        entry = find(document, entry["$ref"][1:])
    found: Mapping[str, Json] = entry
    return found
