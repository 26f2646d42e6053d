"""The pytest plugin: a fixture for each API and document, each test in a fresh world of one server.

Every pytest run where we are installed imports it: nothing but Python's library and pytest is imported until a fixture
is used. Must not know any API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from understudy import data

if TYPE_CHECKING:
    from understudy.testing.server import MockServer
    from understudy.testing.world import WorldHandle

DOCUMENTS = "understudy_documents"
MARKER = "understudy(seed=, seed_data=, clock=, assume={}, faults=[], recordings=[]): how the world of this test starts"
BUILT_IN = tuple(sorted(file.parent.name for file in data.path("fixtures").glob("*/seed.yaml")))
_documents = pytest.StashKey[tuple[str, ...]]()
_shared = pytest.StashKey[Any]()
_world = pytest.StashKey["WorldHandle"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option."""
    text = "documents of your own, a line each: NAME = FILE makes the fixture NAME; FILE is relative to the ini file"
    parser.addini(DOCUMENTS, type="linelist", default=[], help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and a fixture for each API and document. Raises UsageError for a wrong ini option."""
    config.addinivalue_line("markers", MARKER)
    documents = read_documents(config)
    config.stash[_documents] = tuple(documents.values())
    fixtures = ModuleType("understudy fixtures")
    for name in (*BUILT_IN, *documents):
        setattr(fixtures, fixture_name(name), _fixture_of(name))
    config.pluginmanager.register(fixtures, "understudy fixtures")


def read_documents(config: pytest.Config) -> dict[str, str]:
    """The documents of the ini option by name, as `NAME=FILE`. Raises UsageError for a wrong line."""
    base = config.rootpath if config.inipath is None else config.inipath.parent
    found: dict[str, str] = {}
    for line in config.getini(DOCUMENTS):
        name, equals, file = (part.strip() for part in line.partition("="))
        if not equals or not file or not re.fullmatch("[a-z][a-z0-9-]*", name):
            raise pytest.UsageError(f"{DOCUMENTS}: {line!r} is not NAME = FILE, such as petstore = ./petstore.yaml")
        path = base / re.sub("@/[^@]*$", "", file)  # FILE@/prefix moves an API
        if not path.exists():
            raise pytest.UsageError(f"{DOCUMENTS}: {name} = {file}: there is no file {path}")
        if name in (*BUILT_IN, *found, "control"):
            owner = "a built-in API" if name in (*BUILT_IN, "control") else "another document"
            raise pytest.UsageError(f"{DOCUMENTS}: {name} is the name of {owner}; name this one my-{name}, for example")
        found[name] = f"{name}={base / file}"
    return found


def fixture_name(api: str) -> str:
    """The name of the fixture of an API."""
    return api.replace("-", "_")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist how to ask this process for the server that all workers share."""
    from understudy.testing.shared_server import SharedServer

    config: pytest.Config = node.config
    if _shared not in config.stash:
        config.stash[_shared] = SharedServer(lambda: _start_shared(config))
        config.add_cleanup(config.stash[_shared].close)
    shared = config.stash[_shared]
    node.workerinput["understudy_address"], node.workerinput["understudy_key"] = shared.address, shared.key


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker with wrong arguments, whether the test has a world or not."""
    if item.get_closest_marker("understudy") is not None:
        _options(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the last exchanges of its world to the report of a failed test."""
    report = yield
    world = item.stash.get(_world, None)
    if world is not None and report.failed:
        from understudy.testing.failures import told

        report.sections.append(("understudy: the last exchanges", told(world)))
    return report


@pytest.fixture(scope="session")
def understudy_server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    """The server of this test run: a `MockServer`, also with `world()` for more worlds.

    It serves the built-in APIs and the documents of the ini option. With xdist all workers share it. Where
    UNDERSTUDY_READY_FILE or UNDERSTUDY_URL names a running server, it is that one.
    """
    from understudy.testing.errors import ControlError

    with _failing("understudy", ValueError, OSError, ControlError):
        server = _server(request.config).start()
        server.health()
    yield server
    server.stop()


@pytest.fixture
def understudy_world(request: pytest.FixtureRequest, understudy_server: MockServer) -> Iterator[WorldHandle]:
    """A fresh world for this test, with all APIs; those of their own fixtures are the same world."""
    from understudy.testing.marker import BadMarker, world_for
    from understudy.testing.waiting import stop_driving

    item, options = request.node, _options(request.node)
    with _failing("@pytest.mark.understudy" if options else "understudy", BadMarker):
        world = world_for(understudy_server, options, (*BUILT_IN, *request.config.stash[_documents]))
    item.stash[_world] = world
    yield world
    del item.stash[_world]
    stop_driving()
    with suppress(ConnectionError):  # a server that is gone has failed the test already
        world.close()


def _fixture_of(api: str) -> Callable[..., Any]:
    """The fixture of an API: the test's world, for it."""

    def served(understudy_world: WorldHandle) -> WorldHandle:
        if api not in understudy_world.apis:
            pytest.skip(f"the running server serves {', '.join(understudy_world.apis)}, and not {api}")
        return understudy_world.api(api)

    served.__doc__ = f"A fresh world of {api} for this test: `base_url`, `api_key`, `clock`, `state`, `calls` and more."
    return pytest.fixture(served, name=fixture_name(api))


@contextmanager
def _failing(what: str, *kinds: type[Exception]) -> Iterator[None]:
    """Turn an exception in the block into a failure of one line."""
    try:
        yield
    except kinds as error:
        raise pytest.fail.Exception(f"{what}: {error}", pytrace=False) from None


def _options(item: pytest.Item) -> dict[str, Any]:
    """What the markers of a test say; fails the test where that is wrong."""
    from understudy.testing.marker import BadMarker, merged

    with _failing("@pytest.mark.understudy", BadMarker):
        return merged((one.args, one.kwargs) for one in item.iter_markers("understudy"))


def _server(config: pytest.Config) -> MockServer:
    """The running server that the environment names, that of the main process, or one of our own."""
    from understudy.testing.running import running_server
    from understudy.testing.server import MockServer

    running = running_server()
    if running is not None:
        return running
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        from understudy.testing.shared_server import shared_url

        return MockServer(url=shared_url(worker["understudy_address"], worker["understudy_key"]))
    return MockServer(*BUILT_IN, *config.stash[_documents])


def _start_shared(config: pytest.Config) -> tuple[str, Callable[[], object]]:
    from understudy.testing.server import MockServer

    server = MockServer(*BUILT_IN, *config.stash[_documents]).start()
    return server.url, server.stop
