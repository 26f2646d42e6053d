"""Web origins (RFC 6454): scheme, host and port."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int | None]  # scheme, host, port


def origin_of(text: str) -> Origin | None:
    """Scheme, host and port of an origin such as `http://localhost:3000`; None when it is invalid or `null`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or " " in text or text.partition("://")[2] != parts.netloc:
        return None
    return parts.scheme, parts.hostname, _PORTS.get(parts.scheme) if port is None else port
