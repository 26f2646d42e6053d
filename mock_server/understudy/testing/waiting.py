"""Lets the waiting of one thread, and of the event loop that runs in it, follow another clock.

While any thread is driven, the functions of `time` and `asyncio` are replaced by ones that ask which thread and whose
code calls. Other threads, and the code of Python's own library, of test runners and of servers, keep real time.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from math import floor
from types import FrameType, ModuleType, TracebackType
from typing import Any, Self

_REAL: dict[str, Callable[..., Any]] = {
    "sleep": time.sleep,
    "time": time.time,
    "time_ns": time.time_ns,
    "monotonic": time.monotonic,
    "monotonic_ns": time.monotonic_ns,
    "perf_counter": time.perf_counter,
    "perf_counter_ns": time.perf_counter_ns,
}
_REAL_ASYNC_SLEEP = asyncio.sleep
_WITH_REAL_TIME = frozenset(sys.stdlib_module_names) | {
    *("understudy", "uvicorn", "starlette", "httptools"),
    *("pytest", "_pytest", "pluggy", "xdist", "execnet", "hypothesis", "coverage", "pytest_asyncio", "pytest_timeout"),
    *("anyio", "sniffio", "trio", "httpcore", "aiohttp", "debugpy", "pydevd"),
}
"""Packages whose own waiting and timing is real, whatever thread they run in."""
_PASSES = 3  # of the loop before time moves on: what is ready runs first
_BILLION = 10**9
_CLOSE = 1e-6  # milliseconds that are lost in floating point

_lock = threading.Lock()
_driven: dict[int, Drive] = {}  # by the id of the thread
_bound: list[tuple[dict[str, Any], str, Any]] = []  # namespaces, names and values that were replaced


class Drive:
    """The waiting of the thread that started it follows a clock, until `stop`."""

    def __init__(self, advance: Callable[[float], object], now: Callable[[], float]) -> None:
        """`advance` moves the clock by seconds, `now` returns its time in seconds."""
        self._advance, self._now = advance, now
        self._begin, self._monotonic, self._perf_counter = 0.0, 0.0, 0.0
        self._rest = 0.0  # seconds below the clock's millisecond
        self._thread = 0
        self._numbers = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._loop_times: dict[int, tuple[asyncio.AbstractEventLoop, float]] = {}
        self._waking: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Drive the calling thread. Raises RuntimeError where it is driven already."""
        self._thread, self._begin = threading.get_ident(), self._now()
        self._monotonic, self._perf_counter = _REAL["monotonic"](), _REAL["perf_counter"]()
        with _lock:
            if self._thread in _driven:
                raise RuntimeError("another clock drives this thread already: stop() that one first")
            if not _driven:
                _replace()
            _driven[self._thread] = self
        with suppress(RuntimeError):  # no loop runs in this thread yet
            self._follow(asyncio.get_running_loop())
        return self

    def stop(self) -> None:
        """Give the thread its real time back."""
        with _lock:
            if _driven.get(self._thread) is not self:
                return
            del _driven[self._thread]
            if not _driven:
                _put_back()
        for loop, _ in self._loop_times.values():
            with suppress(AttributeError):
                del loop.time
        self._loop_times.clear()

    def sleep(self, seconds: float) -> None:
        """Move the clock on. Raises ValueError for a negative number, as `time.sleep` does."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self._move(float(seconds))

    async def sleep_async(self, seconds: float) -> None:
        """Wait until the clock, which goes from one sleeper to the next, is there."""
        loop = asyncio.get_running_loop()
        self._follow(loop)
        if seconds <= 0:
            await _REAL_ASYNC_SLEEP(0)
            return
        woken: asyncio.Future[None] = loop.create_future()
        heappush(self._sleepers, (self.elapsed() + seconds, next(self._numbers), woken))
        if self._waking is None or self._waking.done() or self._waking.get_loop() is not loop:
            self._waking = loop.create_task(self._wake_in_turn())
        await woken

    def time(self) -> float:
        """`time.time` of the driven thread: the clock's."""
        return self._now() + self._rest

    def elapsed(self) -> float:
        """The seconds of the clock since the start."""
        return self.time() - self._begin

    def monotonic(self) -> float:
        """`time.monotonic` of the driven thread."""
        return self._monotonic + self.elapsed()

    def perf_counter(self) -> float:
        """`time.perf_counter` of the driven thread."""
        return self._perf_counter + self.elapsed()

    def _move(self, seconds: float) -> None:
        """Move the clock by whole milliseconds, and keep the rest for the next time."""
        wanted = seconds + self._rest
        whole = floor(wanted * 1000 + _CLOSE) / 1000
        self._rest = wanted - whole
        if whole:
            self._advance(whole)

    async def _wake_in_turn(self) -> None:
        """Move the clock from sleeper to sleeper, the earliest first, each time after what is ready has run."""
        while self._sleepers:
            for _ in range(_PASSES):
                await _REAL_ASYNC_SLEEP(0)
            at, _, woken = heappop(self._sleepers)
            if woken.done():  # cancelled
                continue
            try:
                self._move(max(0.0, at - self.elapsed()))
            except Exception as error:  # whoever sleeps gets it
                woken.set_exception(error)
            else:
                woken.set_result(None)

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let `loop.time()` of a driven loop follow the clock, for those who call it from outside of asyncio."""
        if id(loop) in self._loop_times:
            return
        real, begin = loop.time, loop.time() - self.elapsed()

        def now() -> float:
            return real() if _is_real(sys._getframe(1)) else begin + self.elapsed()

        with suppress(AttributeError):  # a loop that takes no attributes keeps its time
            loop.time = now  # type: ignore[method-assign]
            self._loop_times[id(loop)] = loop, begin


def stop_driving() -> None:
    """Give the calling thread its real time back, whichever clock drives it."""
    drive = _driven.get(threading.get_ident())
    if drive is not None:
        drive.stop()


def _is_real(caller: FrameType) -> bool:
    """Whether the code that calls keeps real time."""
    return str(caller.f_globals.get("__name__", "")).partition(".")[0] in _WITH_REAL_TIME


def _drive_of(caller: FrameType) -> Drive | None:
    drive = _driven.get(threading.get_ident())
    return None if drive is None or _is_real(caller) else drive


def sleep(seconds: float, /) -> None:
    """`time.sleep`; moves the clock where the thread is driven."""
    drive = _drive_of(sys._getframe(1))
    if drive is None:
        _REAL["sleep"](seconds)
    else:
        drive.sleep(seconds)


def now() -> float:
    """`time.time`; the clock's where the thread is driven."""
    drive = _drive_of(sys._getframe(1))
    moment: float = _REAL["time"]() if drive is None else drive.time()
    return moment


def now_ns() -> int:
    """`time.time_ns`; the clock's where the thread is driven."""
    drive = _drive_of(sys._getframe(1))
    moment: int = _REAL["time_ns"]() if drive is None else round(drive.time() * _BILLION)
    return moment


def monotonic() -> float:
    """`time.monotonic`; of the clock where the thread is driven."""
    drive = _drive_of(sys._getframe(1))
    now: float = _REAL["monotonic"]() if drive is None else drive.monotonic()
    return now


def monotonic_ns() -> int:
    """`time.monotonic_ns`; of the clock where the thread is driven."""
    drive = _drive_of(sys._getframe(1))
    now: int = _REAL["monotonic_ns"]() if drive is None else round(drive.monotonic() * _BILLION)
    return now


def perf_counter() -> float:
    """`time.perf_counter`; of the clock where the thread is driven."""
    drive = _drive_of(sys._getframe(1))
    now: float = _REAL["perf_counter"]() if drive is None else drive.perf_counter()
    return now


def perf_counter_ns() -> int:
    """`time.perf_counter_ns`; of the clock where the thread is driven."""
    drive = _drive_of(sys._getframe(1))
    now: int = _REAL["perf_counter_ns"]() if drive is None else round(drive.perf_counter() * _BILLION)
    return now


def sleep_async(delay: float, result: Any = None) -> Coroutine[Any, Any, Any]:
    """`asyncio.sleep`; waits for the clock where the thread is driven."""
    drive = _drive_of(sys._getframe(1))
    return _REAL_ASYNC_SLEEP(delay, result) if drive is None else _slept(drive, delay, result)


async def _slept(drive: Drive, delay: float, result: Any) -> Any:
    await drive.sleep_async(delay)
    return result


def _replacements() -> dict[int, Callable[..., Any]]:
    """What stands for each real function, by the id of that."""
    found: dict[int, Callable[..., Any]] = {id(_REAL_ASYNC_SLEEP): sleep_async}
    for ours in (sleep, monotonic, monotonic_ns, perf_counter, perf_counter_ns):
        found[id(_REAL[ours.__name__])] = ours
    return found | {id(_REAL["time"]): now, id(_REAL["time_ns"]): now_ns}


def _replace() -> None:
    """Replace the functions in `time` and `asyncio`, and wherever a client has bound them by name."""
    found = _replacements()
    for module in (time, asyncio, *_clients()):
        names = vars(module)
        for name, value in list(names.items()):
            if id(value) in found:
                _bound.append((names, name, value))
                names[name] = found[id(value)]


def _clients() -> list[ModuleType]:
    """The modules that are loaded and do not keep real time."""
    named = [(name, module) for name, module in list(sys.modules.items()) if isinstance(module, ModuleType)]
    return [module for name, module in named if name.partition(".")[0] not in _WITH_REAL_TIME]


def _put_back() -> None:
    while _bound:
        names, name, value = _bound.pop()
        names[name] = value
