"""A driven clock: whose waiting follows it, whose does not, and that all of it is undone."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from understudy import ControlError, MockServer, WorldHandle
from understudy.testing import waiting

YEAR = 365 * 86400.0
CLIENT = """
import asyncio, time
from asyncio import sleep as pause
from time import monotonic, monotonic_ns, perf_counter, perf_counter_ns, sleep, time_ns
from time import sleep as wait

async def asleep(seconds, result=None):
    return await asyncio.sleep(seconds, result)
"""


@pytest.fixture
def world(server: MockServer) -> Iterator[WorldHandle]:
    """A world whose time stands still; what drives on it ends with the test."""
    with server.world(clock="frozen") as world:
        yield world


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client's module, which has bound some of the functions by name before anybody drives."""
    return module("a_client", monkeypatch)


def module(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of this name with the code of a client."""
    made = ModuleType(name)
    exec(CLIENT, made.__dict__)
    monkeypatch.setitem(sys.modules, name, made)
    return made


def passed(world: WorldHandle, wait: Callable[[], object]) -> float:
    """The seconds of a world's time that something takes."""
    begin = world.clock.now
    wait()
    return (world.clock.now - begin).total_seconds()


def test_a_sleeping_client_moves_the_clock(world: WorldHandle, client: Any) -> None:
    """However it has imported `sleep`: nothing waits."""
    with world.clock.drive():
        assert passed(world, lambda: client.time.sleep(YEAR)) == YEAR
        assert passed(world, lambda: client.sleep(1.5)) == 1.5
        assert passed(world, lambda: client.wait(0)) == 0
        with pytest.raises(ValueError, match="must be non-negative"):
            client.sleep(-1)


def test_a_deadline_comes_after_so_many_sleeps(world: WorldHandle, client: Any) -> None:
    """Also with sleeps that are shorter than the clock's millisecond."""
    with world.clock.drive():
        end, count = client.monotonic() + 0.01, 0
        while client.time.monotonic() < end:
            client.sleep(0.0004)
            count += 1
        assert count in (25, 26)
        assert passed(world, lambda: client.sleep(0.0006)) <= 0.001


def test_monotonic_clocks_go_with_the_clock(world: WorldHandle, client: Any) -> None:
    """Whoever moves it: the client's sleep, or the test."""
    with world.clock.drive():
        clocks = (client.monotonic, client.perf_counter)
        in_ns = (client.monotonic_ns, client.perf_counter_ns)
        begin, begin_ns = [clock() for clock in clocks], [clock() for clock in in_ns]
        world.clock.advance(days=1)
        client.sleep(60)
        assert [round(clock() - before) for clock, before in zip(clocks, begin, strict=True)] == [86460] * 2
        assert [clock() - before for clock, before in zip(in_ns, begin_ns, strict=True)] == pytest.approx(
            [86460 * 10**9] * 2
        )


def test_the_time_of_day_is_the_worlds(server: MockServer, client: Any) -> None:
    """So a client that waits until a time gets there."""
    with server.world(clock="2001-01-01T00:00:00Z") as world, world.clock.drive():
        end, count = client.time.time() + 3600, 0
        while client.time.time() < end:
            client.sleep(600)
            count += 1
        assert (count, client.time.time()) == (6, world.clock.now.timestamp())
        assert client.time_ns() == round(world.clock.now.timestamp()) * 10**9


def test_everything_is_put_back(world: WorldHandle, client: Any) -> None:
    """In `time`, in `asyncio`, and in the modules that had bound a name; stopping twice is nothing."""
    before = now(client)
    drive = world.clock.drive()
    assert all(one is not other for one, other in zip(before, now(client), strict=True))
    drive.stop()
    drive.stop()
    assert now(client) == before


def now(client: Any) -> tuple[object, ...]:
    """The functions as they are bound now."""
    return vars(time)["sleep"], vars(time)["monotonic"], asyncio.sleep, client.wait, client.pause


def test_a_world_that_ends_drives_nobody(server: MockServer, client: Any) -> None:
    """So a test that forgot `stop` leaves nothing behind."""
    before = now(client)
    with server.world() as world:
        world.clock.drive()
    assert now(client) == before


def test_one_clock_drives_a_thread(world: WorldHandle, server: MockServer) -> None:
    """A second one is refused, and the first goes on."""
    with world.clock.drive(), server.world() as other:
        with pytest.raises(RuntimeError, match="another clock drives this thread"):
            other.clock.drive()
        assert passed(world, lambda: sleeping(60)) == 60


def sleeping(seconds: float) -> None:
    """As a client in this module sleeps."""
    time.sleep(seconds)  # noqa: TID251 - it moves a clock


def test_other_threads_keep_real_time(world: WorldHandle, client: Any) -> None:
    """They sleep and read the clocks as if nobody drove; and one may be driven beside another."""
    seen: list[float] = []

    def work() -> None:
        client.sleep(0)
        seen.extend((client.monotonic(), client.monotonic_ns() / 10**9, client.perf_counter()))
        seen.append(client.perf_counter_ns() / 10**9)
        seen.extend((client.time.time(), client.time_ns() / 10**9))
        seen.append(asyncio.run(client.asleep(0, 7)))

    with world.clock.drive():
        client.sleep(YEAR)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert passed(world, lambda: None) == 0
        assert client.monotonic() - max(seen[:2]) > YEAR / 2
        assert client.perf_counter() - max(seen[2:4]) > YEAR / 2
        assert client.time.time() - max(seen[4:6]) > YEAR / 2
    assert seen[6] == 7


def test_two_threads_are_driven_by_two_worlds(world: WorldHandle, server: MockServer, client: Any) -> None:
    """Each by its own clock."""
    with server.world(clock="frozen") as other:
        begin = other.clock.now

        def work() -> None:
            with other.clock.drive():
                client.sleep(5)

        with world.clock.drive():
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            assert passed(world, lambda: client.sleep(7)) == 7
        assert (other.clock.now - begin).total_seconds() == 5


@pytest.mark.parametrize("name", ["asyncio.odd", "_pytest.odd", "threading", "uvicorn", "understudy.odd"])
def test_the_code_of_runners_and_servers_keeps_real_time(
    name: str, world: WorldHandle, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even in a driven thread: neither asyncio's timers nor pytest's durations jump."""
    theirs = ModuleType(name)
    exec("import time\ndef now(): return time.monotonic()\ndef wait(): time.sleep(0)", theirs.__dict__)
    with world.clock.drive():
        client.sleep(YEAR)
        assert client.monotonic() - theirs.now() > YEAR / 2
        assert passed(world, theirs.wait) == 0


def test_sleepers_of_a_loop_wake_in_turn(world: WorldHandle, client: Any) -> None:
    """The clock goes from one to the next, so that together they take what the longest takes."""
    woken: list[str] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await client.asleep(nap)
            woken.append(f"{name}{nap:g}")

    async def together() -> None:
        await asyncio.gather(sleeper("a", 10, 10), sleeper("b", 5, 7, 0), sleeper("c", 12))

    with world.clock.drive():
        assert passed(world, lambda: asyncio.run(together())) == 20
    assert woken == ["b5", "a10", "c12", "b7", "b0", "a10"]


def test_a_sleeper_that_is_cancelled_holds_nobody_up(world: WorldHandle, client: Any) -> None:
    """The others sleep on; the result of `sleep` is given back."""

    async def run() -> object:
        cancelled = asyncio.create_task(client.asleep(3))
        await client.asleep(1)
        cancelled.cancel()
        return await client.asleep(5, "slept")

    with world.clock.drive():
        found: list[object] = []
        assert passed(world, lambda: found.append(asyncio.run(run()))) == 6
    assert found == ["slept"]


def test_a_clock_that_cannot_go_so_far_says_so(world: WorldHandle, client: Any) -> None:
    """Who sleeps too long gets the server's own refusal, in a loop, too."""
    with world.clock.drive():
        with pytest.raises(ControlError, match="seconds"):
            client.sleep(10**12)
        with pytest.raises(ControlError, match="seconds"):
            asyncio.run(client.asleep(10**12))


def test_a_loop_that_runs_already_tells_the_client_the_clocks_time(world: WorldHandle, client: Any) -> None:
    """`loop.time()` is the clock's for a client, and real for asyncio: its timeouts do not fire."""

    async def poll() -> int:
        loop, count = asyncio.get_running_loop(), 0
        with world.clock.drive():
            end = loop.time() + 60
            async with asyncio.timeout(30):
                while loop.time() < end:
                    await client.pause(7)
                    count += 1
        assert "time" not in vars(loop)
        return count

    assert asyncio.run(poll()) == 9


def test_a_loop_that_takes_no_attributes_keeps_its_time(world: WorldHandle) -> None:
    """Sleeping follows the clock all the same."""

    class Fixed:
        __slots__ = ()

        def time(self) -> float:
            return 1.0

    with world.clock.drive() as drive:
        drive._follow(Fixed())  # type: ignore[arg-type]
        assert drive._loop_times == {}


def test_what_was_imported_while_driven_is_real_afterwards(world: WorldHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that binds our functions keeps them, and they do what Python's do."""
    with world.clock.drive():
        late = module("a_late_client", monkeypatch)
        assert passed(world, lambda: late.sleep(3)) == 3
    assert passed(world, lambda: late.sleep(0)) == 0
    assert late.sleep is waiting.sleep
