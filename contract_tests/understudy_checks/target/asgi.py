"""Any ASGI app as a target, run in one event loop on a thread, with its lifespan.

An exception of the app is a 500, as it is behind a server. Must not know any API.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from urllib.parse import unquote

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from understudy.engine.exchange import Request, Response
from understudy_checks.target.answers import Unreadable, normalize
from understudy_checks.target.transport import TIMEOUT, NoAnswer, TooLate, Transport

Message = MutableMapping[str, Any]
State = dict[str, Any]
App = Callable[..., Awaitable[None]]

ASGI = {"version": "3.0", "spec_version": "2.3"}


class NotStarted(RuntimeError):
    """An app that did not start; the message is its reason."""


@contextmanager
def hosted(found: Callable[..., Any]) -> Iterator[Transport]:
    """Run an app, or the app that a factory makes, while the block runs; yields a transport. Raises NotStarted."""
    with start_blocking_portal() as portal:
        app: App = found if takes_requests(found) else _call_factory(portal, found)
        lifespan = portal.wrap_async_context_manager(_lifespan(app))
        state, startup = lifespan.__enter__()
        try:
            if startup["type"] == "lifespan.startup.failed":
                raise NotStarted(f"the app did not start: {startup.get('message') or 'it does not say why'}")
            yield lambda request: portal.call(_respond, app, request, state)
        finally:  # an exception of the block is not passed to the app
            lifespan.__exit__(None, None, None)


def takes_requests(found: Callable[..., Any]) -> bool:
    """Whether a callable is an ASGI app; else it is a factory, called without arguments."""
    if inspect.isclass(found):
        return False
    try:
        inspect.signature(found).bind({}, None, None)
    except TypeError:
        return False
    return True


def _call_factory(portal: BlockingPortal, factory: Callable[[], Any]) -> App:
    try:
        made: App = portal.call(factory)
    except Exception as error:  # a factory may do anything
        raise NotStarted(f"the factory made no app: {type(error).__name__}: {' '.join(str(error).split())}") from error
    return made


@asynccontextmanager
async def _lifespan(app: App) -> AsyncIterator[tuple[State, Message]]:
    """Start an app, and stop it at the end; yields its lifespan state and its startup message."""
    state: State = {}
    orders, received = anyio.create_memory_object_stream[Message](2)
    answers, sent = anyio.create_memory_object_stream[Message](4)

    async def run() -> None:
        with suppress(Exception):  # an app without lifespan raises, or returns at once
            await app({"type": "lifespan", "asgi": ASGI, "state": state}, received.receive, answers.send)
        await answers.send({"type": "lifespan.unsupported"})

    async with orders, received, answers, sent, anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await orders.send({"type": "lifespan.startup"})
        message: Message = {"type": "lifespan.startup.failed", "message": f"nothing came within {TIMEOUT:g} seconds"}
        with anyio.move_on_after(TIMEOUT):
            message = await sent.receive()
        yield state, message
        if message["type"] == "lifespan.startup.complete":
            await orders.send({"type": "lifespan.shutdown"})
            await sent.receive()
        tasks.cancel_scope.cancel()


async def _respond(app: App, request: Request, state: State) -> Response:
    """The response of an app; a 500 when it raises, or sends what no server could pass on.

    Raises TooLate when it takes too long, NoAnswer when its body cannot be read.
    """
    messages: list[Message] = []
    text = "the app returned without a whole answer"
    body = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> Message:
        if not body:
            await anyio.sleep_forever()  # the client stays until it has its answer
        return body.pop()

    async def send(message: Message) -> None:
        messages.append(message)

    try:
        with anyio.move_on_after(TIMEOUT) as time:
            await app(_scope(request, state), receive, send)
    except (Exception, SystemExit) as error:  # as a server would
        text = "".join(traceback.format_exception(error))
    if time.cancelled_caught and not _is_whole(messages):
        raise TooLate(f"no answer within {TIMEOUT:g} seconds")
    if not _is_whole(messages):
        return Response(500, ((b"content-type", b"text/plain"),), text.encode())
    try:
        return _response(*messages)
    except Unreadable as error:
        raise NoAnswer(str(error)) from error
    except Exception as error:  # an app may send messages of any form
        return Response(500, ((b"content-type", b"text/plain"),), f"the app's answer is malformed: {error!r}".encode())


def _response(start: Message, *parts: Message) -> Response:
    """The response of an app's messages; raises Unreadable, or any error when they are no valid ASGI messages."""
    headers = [(bytes(name), bytes(value)) for name, value in start.get("headers", ())]
    return normalize(int(start["status"]), headers, b"".join(part.get("body", b"") for part in parts))


def _is_whole(messages: list[Message]) -> bool:
    """Whether the messages are a complete response: a client does not see what the app does later."""
    return messages[1:] != [] and not messages[-1].get("more_body", False)


def _scope(request: Request, state: State) -> Message:
    return {
        "type": "http",
        "asgi": ASGI,
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": [*request.headers, (b"host", b"localhost"), (b"content-length", str(len(request.body)).encode())],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "state": state.copy(),
    }
