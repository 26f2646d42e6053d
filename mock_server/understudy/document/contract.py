"""A compiled document: its operations and all other declarations that the pipeline needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from understudy.document.body import Body
from understudy.document.model import Assumed, Assumption, ErrorKind, Json, RateLimit, Rule, Scheme, Validator
from understudy.document.operation import Operation


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """A compiled document. `document` is its plain JSON, `content` the file that is shown (empty: our own).

    `headers` are the headers that operations require beside the credential, each with an example. `methods` declares
    the response to HEAD and OPTIONS where no operation has them.
    """

    name: str
    source: str
    document: Mapping[str, Json]
    prefixes: tuple[str, ...]
    operations: Mapping[str, Operation]
    schemes: tuple[Scheme, ...]
    errors: Mapping[str, ErrorKind]
    rate_limit: RateLimit | None
    unknown: Mapping[str, str | Assumed]
    methods: Mapping[str, str | Assumed]
    rules: tuple[Rule, ...]
    assumptions: Mapping[str, Assumption]
    events: Mapping[str, Body]
    headers: Mapping[str, str]
    validator: Callable[..., Validator] = field(repr=False, compare=False)
    content: bytes = field(default=b"", repr=False)

    def fits(self, schema: str | Mapping[str, Json]) -> Validator:
        """The validator of a component schema (by name) or of a JSON schema."""
        whole = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
        return self.validator(whole, formats=True)

    def shows(self, schema: Mapping[str, Json]) -> Validator:
        """The validator of a JSON schema in a response, which has no writeOnly members."""
        return self.validator(schema, formats=True, direction="response")
