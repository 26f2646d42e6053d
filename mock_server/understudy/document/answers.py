"""Answers that a document itself gives: for each documented response an example that was checked.

The document's own examples come first where they are valid, else a value is made that fits the schema. Must not
know why an operation answers so.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping

import msgspec

from understudy.document.contract import Contract
from understudy.document.model import Json, Validator
from understudy.document.operation import Operation
from understudy.document.pointer import find
from understudy.document.responses import Expected
from understudy.document.sample import NoValue, Samples
from understudy.engine.exchange import Headers

_PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_ZIP = b"PK\x05\x06" + bytes(18)
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"  # noqa: E501
_FILES = {"image/png": _PNG, "image/gif": _GIF, "application/pdf": _PDF, "application/zip": _ZIP}
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines",
          "application/json-seq", "application/stream+json")  # fmt: skip


class Answer(msgspec.Struct, frozen=True):
    """One documented response as it is sent: its headers, its body, and the value of a JSON body."""

    headers: Headers
    body: bytes
    value: Json = None
    is_json: bool = False


class Answers:
    """The answers of one document, each made when it is first needed."""

    def __init__(self, contract: Contract) -> None:
        self._document = contract.document
        self._samples = Samples(contract.document.get("components", {}).get("schemas", {}))
        self._contract = contract
        self._known: dict[tuple[str, str], Answer] = {}

    def of(self, operation: Operation, key: str) -> Answer:
        """The answer for a key of an operation's responses (200, 4XX, default); raises NoValue."""
        answer = self._known.get((operation.id, key))
        if answer is None:
            answer = self._known[operation.id, key] = self._make(operation, key)
        return answer

    def _make(self, operation: Operation, key: str) -> Answer:
        entry = self._document["paths"][operation.path][operation.method.lower()]["responses"][key]
        response, expected = self._resolved(entry), operation.responses[key]
        seed = f"{operation.id}/{key}"
        headers = tuple(self._headers(response, expected, seed))
        if not expected.media_type:
            return Answer(headers, b"")
        name, media = _first(response["content"], expected.media_type)
        media_type = "application/json" if "*" in name and expected.body is not None else name.replace("*", "x-any")
        head = ((b"content-type", media_type.encode("latin-1", "replace")), *headers)
        if expected.body is None:
            return Answer(head, self._content(expected.media_type, media, seed))
        value = self._value(media, expected.body, seed)
        return Answer(head, msgspec.json.encode(value), value, is_json=True)

    def _value(self, media: Json, validator: Validator, seed: str) -> Json:
        """The first valid example, else a value that fits the schema; raises NoValue."""
        for example in self._examples(media):
            if validator.is_valid(example):
                return example
        return self._samples.value(media["schema"], validator, seed=seed)

    def _examples(self, media: Json) -> Iterator[Json]:
        if "example" in media:
            yield media["example"]
        for entry in media.get("examples", {}).values():
            example = self._resolved(entry)
            if "value" in example:
                yield example["value"]

    def _content(self, media_type: str, media: Json, seed: str) -> bytes:
        """The body of a response that is no JSON: an example, a small file of the type, or a text of the schema."""
        texts = [example for example in self._examples(media) if isinstance(example, str)]
        if texts:
            return texts[0].encode()
        if media_type in _FILES:
            return _FILES[media_type]
        if media_type in _LINES:
            value = self._value(media, self._contract.validator(media["schema"], formats=True), seed)
            return msgspec.json.encode(value) + b"\n"
        if media_type.startswith("text/"):
            return self._text(media, seed).encode()
        if media_type.endswith(("/xml", "+xml")):
            return b'<?xml version="1.0" encoding="UTF-8"?>\n<example/>\n'
        return b"example"

    def _text(self, media: Json, seed: str) -> str:
        value = self._value(media, self._contract.validator(media["schema"], formats=True), seed)
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()

    def _headers(self, response: Json, expected: Expected, seed: str) -> Iterator[tuple[bytes, bytes]]:
        """The documented headers with a value that fits; raises NoValue for a required one without."""
        entries = {name.lower(): self._resolved(entry) for name, entry in response.get("headers", {}).items()}
        for name, required, _, validator in expected.headers:
            entry = entries[name]
            try:
                text = _header_text(self._value(entry, validator, f"{seed}/{name}"))
            except NoValue:
                if required:
                    raise
                continue
            if text is not None:
                yield name.encode("latin-1", "replace"), text

    def _resolved(self, entry: Json) -> Mapping[str, Json]:
        while "$ref" in entry:
            entry = find(self._document, entry["$ref"][1:])
        found: Mapping[str, Json] = entry
        return found


def _first(content: Mapping[str, Json], media_type: str) -> tuple[str, Json]:
    """The declared name, parameters included, and the object of a media type."""
    return next(item for item in content.items() if item[0].partition(";")[0].strip().lower() == media_type)


def _header_text(value: Json) -> bytes | None:
    """The value of a header (style simple); None for what no header can hold."""
    if isinstance(value, list):
        texts = [_header_text(item) for item in value]
        return None if None in texts else b",".join(text for text in texts if text is not None)
    if value is None or isinstance(value, dict):
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.encode() if text.isascii() and text.isprintable() else None
