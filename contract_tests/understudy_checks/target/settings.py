"""The settings of a target: keys, members, ids that no operation lists, what is allowed there. All are optional.

Read from a TOML file and from `NAME=VALUE` words; the names are those of an API in the ready file. Must not know
how to connect to a target.
"""

from __future__ import annotations

import importlib
import json
import ssl
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
import yaml

from understudy.document import yaml_limits
from understudy.document.read import yaml_fault
from understudy.messages import suggest
from understudy_checks.budget import MAX_WAIT
from understudy_checks.client import Access, Member
from understudy_checks.target import wfc
from understudy_checks.target.transport import Trust
from understudy_checks.target.wfc import Login

Json = Any


class BadSettings(ValueError):
    """A wrong setting. The message is one line with the value, its position and what would be valid."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a target, apart from its address."""

    api_keys: tuple[str, ...] = ()
    """Valid keys of one tenant."""
    revoked_key: str | None = None
    lapsed_key: str | None = None
    other_tenant_key: str | None = None
    spare_keys: tuple[str, ...] = ()
    """Further valid keys of that tenant, which tests may revoke."""
    headers: dict[str, str] = {}
    """Headers that are added to every request."""
    auth: str | None = None
    """`USER:PASS`, sent as Basic."""
    auth_command: str | None = None
    """A shell command that prints a token; run again when the token is refused."""
    login: Login | None = None
    """The login request of an authentication file; sent again when its token is refused."""
    members: tuple[Member, ...] = ()
    writes: bool | None = None
    """Whether the kit may write; None: only to a server on this machine."""
    rate_limit: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The rate limit in requests a minute if it differs from the documented one; 0 for none."""
    advance: str | None = None
    """`module:function` that moves the target's clock by its argument, in seconds."""
    event: str | None = None
    """`module:function` that performs what people do in the app, given the name of an event and its fields."""
    max_wait: Annotated[float, msgspec.Meta(ge=0)] = MAX_WAIT
    """The most seconds of real waiting in all."""
    ca: str | None = None
    """A file of certificates to trust instead of those of the machine."""
    insecure: bool = False
    """Whether to accept any certificate."""
    given: dict[str, Json] = {}
    """What no operation returns (`agent_id` ...), by the names of the ready file."""

    @property
    def access(self) -> Access:
        """The credentials of a client."""
        return Access(self.api_keys, self.revoked_key, self.lapsed_key, self.other_tenant_key, self.members, self.given)

    def trust(self) -> Trust:
        """The certificates to trust. Raises BadSettings when `ca` holds none."""
        if self.ca is not None:
            try:
                ssl.create_default_context(cafile=self.ca)
            except OSError as error:
                raise BadSettings(
                    f"ca {self.ca} cannot be read as PEM certificates: {error.strerror or error}"
                ) from error
        return Trust(self.ca, self.insecure)

    def clock(self) -> Callable[[float], None] | None:
        """Import the function that moves the target's clock, None without one. Raises BadSettings."""
        return None if self.advance is None else imported(self.advance, "advance")

    def person(self) -> Callable[[str, Mapping[str, Json]], None] | None:
        """Import the user's function that does in the vendor's app what people do there; None when none is set.

        It takes the name of an event and its payload. Raises BadSettings when it cannot be imported.
        """
        return None if self.event is None else imported(self.event, "event")

    def with_words(self, values: Iterable[str], known: Mapping[str, Json]) -> Self:
        """These settings, overridden by `NAME=VALUE` words; `known` holds an example value of each API's setting."""
        content: dict[str, Json] = {}
        for text in values:
            name, equals, value = text.partition("=")
            if not equals:
                raise BadSettings(f"{text} is not NAME=VALUE")
            content[name] = value if isinstance(_example(name, known), str) else _json(value)
        return self.merged(content, known, source="--set")

    def merged(self, content: Mapping[str, Json], known: Mapping[str, Json], *, source: str) -> Self:
        """These settings, overridden by `content`. Raises BadSettings, whose message begins with `source`."""
        names = [*_OWN, *known]
        wrong = [name for name in content if name not in names]
        if wrong:
            raise BadSettings(f"{source}: unknown setting {wrong[0]}{suggest(wrong[0], names)}")
        given = {name: value for name, value in content.items() if name not in _OWN}
        own = {name: value for name, value in content.items() if name in _OWN}
        try:
            converted = msgspec.convert(own, Settings)
        except msgspec.ValidationError as error:
            raise BadSettings(f"{source}: {_with_position(error)}") from error
        changes = {name: getattr(converted, name) for name in own}
        return msgspec.structs.replace(self, **changes, given={**self.given, **given})


_TEXTS = ("revoked_key", "lapsed_key", "other_tenant_key", "advance", "event", "auth", "auth_command", "ca")
_OWN = tuple(name for name in Settings.__struct_fields__ if name != "given")


def settings_of_entry(entry: Mapping[str, Json]) -> Settings:
    """The settings in the ready file's entry of an API."""
    own = {name: value for name, value in entry.items() if name in _OWN and value is not None}
    given = {name: value for name, value in entry.items() if name not in _OWN}
    return msgspec.convert({**own, "given": given}, Settings)


def read(path: Path, known: Mapping[str, Json]) -> Settings:
    """The settings of a TOML file, or of a WFC authentication file (YAML or TOML). Raises BadSettings.

    `known` holds an example value of each of the API's own settings.
    """
    is_yaml, text = path.suffix in (".yaml", ".yml"), ""
    try:
        text = path.read_text(encoding="utf-8")
        if is_yaml:
            yaml_limits.check(text.encode())
        content = yaml.safe_load(text) if is_yaml else tomllib.loads(text)
    except OSError as error:
        raise BadSettings(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        line, reason = yaml_fault(error, text.encode())
        position = f"line {line}: " if line else ""
        raise BadSettings(f"{path} is not {'YAML' if is_yaml else 'TOML'}: {position}{reason}") from error
    if is_yaml and not wfc.is_wfc(content):
        raise BadSettings(f"{path} has no list `auth`, as a WFC authentication file has; other settings are TOML")
    if not wfc.is_wfc(content):
        return Settings().merged(content, known, source=str(path))
    try:
        return msgspec.structs.replace(Settings(), **wfc.settings_of(content))
    except msgspec.ValidationError as error:
        raise BadSettings(f"{path}: {_with_position(error)}") from error


def imported(import_path: str, what: str) -> Callable[..., Any]:
    """Import the callable at `module:attribute`. Raises BadSettings, whose message begins with `what`."""
    module, colon, name = import_path.partition(":")
    if not (module and colon and name):
        raise BadSettings(f"{what} {import_path or '(empty)'} is not module:attribute")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # a module may raise anything while it is imported
        raise BadSettings(f"{what} {import_path} cannot be imported: {' '.join(str(error).split())}") from error
    if not callable(found):
        raise BadSettings(f"{what} {import_path} cannot be called")
    return found  # type: ignore[no-any-return]


def _example(name: str, known: Mapping[str, Json]) -> Json:
    """An example value of a setting."""
    return "" if name in _TEXTS else known.get(name)


def _json(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _with_position(error: msgspec.ValidationError) -> str:
    text, _, position = str(error).partition(" - at ")
    return f"{position.strip('`').removeprefix('$.')}: {text}" if position else text
