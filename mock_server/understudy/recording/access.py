"""Credentials of recorded requests: which of them were accepted, and what a target gets in their place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import quote, unquote_plus

from msgspec import structs

from understudy.document.model import Scheme
from understudy.engine.exchange import Request
from understudy.recording.picked import Picked

_REFUSED = (401,)


class Access:
    """The credentials of a target, by API. `key` maps a recorded token to the target's; None keeps it.

    A token that was only ever refused, where one is asked for, is sent as it was recorded. A request whose credential
    was left out of the recording, but that was answered, gets one.
    """

    def __init__(self, picked: Iterable[Picked], key: Callable[[str, str], str | None]) -> None:
        self._key = key
        statuses: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for one in picked:
            asks = one.operation is not None and one.operation.secured is True
            for token in tokens(one.recorded.request, one.api.contract.schemes) if asks else ():
                statuses[one.api.name, token].add(one.recorded.response.status)
        self._refused = {key for key, seen in statuses.items() if seen <= set(_REFUSED)}

    def apply(self, picked: Picked, request: Request) -> Request:
        """The request with the target's credentials."""
        schemes, api = picked.api.contract.schemes, picked.api.name
        found = list(tokens(request, schemes))
        if not found:
            return self._added(picked, request)
        for token in found:
            given = None if (api, token) in self._refused else self._key(api, token)
            if given is not None and given != token:
                request = replaced(request, schemes, token, given)
        return request

    def _added(self, picked: Picked, request: Request) -> Request:
        """The request with a credential, where it was answered without one that the document demands."""
        operation = picked.operation
        if operation is None or operation.secured is False or picked.recorded.response.status in _REFUSED:
            return request
        alternatives = operation.security or tuple((one,) for one in picked.api.contract.schemes[:1])
        given = self._key(picked.api.name, "")
        if given is None or any(not one for one in alternatives):
            return request
        for scheme in alternatives[0]:
            headers, query = scheme.carry(given)
            fields = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items())
            extra = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query.items())
            whole = "&".join(filter(None, (request.query, extra)))
            request = structs.replace(request, headers=request.headers + fields, query=whole)
        return request


def tokens(request: Request, schemes: Sequence[Scheme]) -> Iterator[str]:
    """The credentials of a request, as its headers, query and cookies hold them."""
    for scheme in schemes:
        if scheme.location == "query":
            yield from (text for name, text in _pairs(request.query) if name == scheme.header)
            continue
        for field, value in request.headers:
            if field == scheme.field:
                yield from _in_field(scheme, value.decode("latin-1"))


def replaced(request: Request, schemes: Sequence[Scheme], token: str, given: str) -> Request:
    """The request with `given` in place of a credential."""
    query = request.query
    for scheme in schemes:
        if scheme.location == "query":
            query = "&".join(_part(part, scheme.header, token, given) for part in query.split("&"))
    fields = {scheme.field: scheme for scheme in schemes if scheme.location != "query"}
    headers = tuple(
        (name, _carried(fields[name], value, token, given)) if name in fields else (name, value)
        for name, value in request.headers
    )
    return structs.replace(request, headers=headers, query=query)


def _part(part: str, name: str, token: str, given: str) -> str:
    """A part of a query, with `given` where it is this credential."""
    own, _, text = part.partition("=")
    return f"{own}={quote(given, safe='')}" if (unquote_plus(own), unquote_plus(text)) == (name, token) else part


def _carried(scheme: Scheme, value: bytes, token: str, given: str) -> bytes:
    text = value.decode("latin-1")
    if token not in list(_in_field(scheme, text)):
        return value
    if scheme.location != "cookie" and scheme.kind == "basic":
        return scheme.carry(given)[0][scheme.header].encode("latin-1") if ":" in given else value
    return text.replace(token, given).encode("latin-1")


def _in_field(scheme: Scheme, value: str) -> Iterator[str]:
    if scheme.location == "cookie":
        for part in value.split(";"):
            name, _, text = part.strip().partition("=")
            if name == scheme.header:
                yield text
    elif scheme.kind == "apiKey":
        yield value
    elif value.lower().startswith(f"{scheme.kind} "):
        yield value.partition(" ")[2].strip()


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in query.split("&"):
        name, _, text = part.partition("=")
        yield unquote_plus(name), unquote_plus(text)
