"""The settings of a target from all their sources: a file, `NAME=VALUE` words, options, the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from understudy_checks.prepared import prepared_objects
from understudy_checks.target.credentials import resolve_variables
from understudy_checks.target.mock import mock
from understudy_checks.target.settings import Settings, read

Json = Any
NONE: Mapping[str, Json] = MappingProxyType({})


@cache
def setting_examples(api: str) -> Mapping[str, Json]:
    """The settings of an API that are neither keys nor members, by name, with an example value of each."""
    with mock(api).open() as client:
        own = {"base_url", "api_key", *Settings.__struct_fields__}
        known = {name: value for name, value in client.access.given.items() if name not in own}
    return {**known, **dict.fromkeys(prepared_objects(api), "ID")}


def load_settings(
    api: str, file: Path | None, words: Iterable[str], keys: Sequence[str], own: Mapping[str, Json] = NONE
) -> Settings:
    """The settings of a file, of `NAME=VALUE` words, of `own` and of keys, where each overrides those before it.

    Environment variables in values are resolved. Raises BadSettings.
    """
    examples = setting_examples(api)
    settings = (Settings() if file is None else read(file, examples)).with_words(words, examples)
    overrides = {**own, "headers": {**settings.headers, **own.get("headers", {})}}
    return resolve_variables(
        msgspec.structs.replace(settings, **overrides, **({"api_keys": tuple(keys)} if keys else {}))
    )
