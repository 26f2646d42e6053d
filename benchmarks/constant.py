"""The constant: a raw ASGI application that answers ready bytes and ready headers, whatever is sent.

`python -m uvicorn benchmarks.constant:app` with FLAGS is what Python can reach at best, and what a bare uvicorn
application costs. The answers, by method and path, are in the file that ANSWERS names; without it: hello world.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

ANSWERS = "UNDERSTUDY_BENCHMARK_ANSWERS"
FLAGS = (
    "--loop=auto", "--http=httptools", "--ws=none", "--lifespan=off", "--log-level=error",
    "--no-access-log", "--no-server-header", "--no-date-header", "--no-proxy-headers",
)  # fmt: skip
HELLO = ({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}, b"hello")

Message = MutableMapping[str, Any]


async def app(scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Any]) -> None:
    """Read the whole body, answer."""
    if scope["method"] != "GET":
        while (await receive()).get("more_body"):
            pass
    start, body = _ready.get((scope["method"], scope["path"]), HELLO)
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _read(path: str) -> dict[tuple[str, str], tuple[Message, bytes]]:
    with open(path) as file:  # noqa: PTH123 - nothing more is imported than a bare application needs
        return {
            (method, target.partition("?")[0]): (
                {
                    "type": "http.response.start",
                    "status": status,
                    "headers": [(name.encode(), value.encode()) for name, value in headers],
                },
                body.encode(),
            )
            for method, target, status, headers, body in json.load(file)
        }


_ready = _read(os.environ[ANSWERS]) if ANSWERS in os.environ else {}
