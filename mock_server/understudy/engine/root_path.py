"""A world's own URL: `/@<world>` in front of any path. Splits it off requests, and keeps answers below it.

Must not know which worlds there are.
"""

from __future__ import annotations

import re

from msgspec import structs

from understudy.engine.exchange import Request, Response

FIRST_OF_MARKS = frozenset("@%")
"""What may follow the first slash in the path of a world's own URL: `/@` or `/%40`."""
_PATH = re.compile(r"/(?:@|%40)([^/]*)(/.*)?", re.DOTALL)
_URLS = (b"location", b"content-location", b"link")
_COOKIE_PATH = re.compile(rb"(;\s*path=)(/[^;]*)", re.IGNORECASE)


def split(path: str) -> tuple[str, str] | None:
    """The id of the world and the rest of a raw path such as `/@w_1/api/v1`; None for another path."""
    found = _PATH.fullmatch(path)
    return None if found is None else (found[1], found[2] or "/")


def enter(request: Request, world: str, path: str) -> Request:
    """The request as the world gets it: with the rest of its path."""
    return structs.replace(request, path=path, root_path=root_path(world))


def root_path(world: str) -> str:
    """The path of a world's own URL."""
    return f"/@{world}"


def keep_below(root: str, host: str, response: Response) -> Response:
    """Put `root` in front of the paths of this server in Location, Content-Location, Link and a cookie's Path.

    `host` is the request's Host header. URLs of other servers stay as they are.
    """
    place = root.encode()
    own = re.compile(
        rb"(?P<before>(?:^|<)(?:https?://%b(?=/))?)(?P<path>/(?!/))" % re.escape(host.encode("latin-1")), re.IGNORECASE
    )
    headers = []
    for name, value in response.headers:
        if name in _URLS:
            value = own.sub(lambda found: _moved(found, value, place), value)  # noqa: B023 - called at once
        elif name == b"set-cookie":
            value = _COOKIE_PATH.sub(lambda found: found[1] + _below(place, found[2]), value)
        headers.append((name, value))
    return structs.replace(response, headers=tuple(headers))


def _moved(found: re.Match[bytes], value: bytes, place: bytes) -> bytes:
    """The beginning of a URL with `place` in front of its path, unless it is there."""
    below = value[found.start("path") :].startswith(place + b"/")
    return found[0] if below else found["before"] + place + found["path"]


def _below(place: bytes, path: bytes) -> bytes:
    return path if (path + b"/").startswith(place + b"/") else place + path
