"""The profiles: how many examples each property gets (`quick`, `default` or `deep`).

All but deep generate the same examples on every run. Must not know any test.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.internal.reflection import function_digest

from understudy import cache

ENVIRONMENT = "UNDERSTUDY_PROFILE"


def hypothesis_folder() -> Path:
    """The folder for hypothesis in this user's cache, or a temporary one for a user without a home."""
    try:
        return cache.folder() / "hypothesis"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"understudy-hypothesis-{os.getuid()}"


HYPOTHESIS_FOLDER = hypothesis_folder()
"""The storage folder of hypothesis outside pytest, so that it writes nothing into the user's working directory."""

_PRIVATE = "_hypothesis_internal"
_SEEK = (Phase.explicit, Phase.generate)
_COMMON = settings(
    settings.get_profile("default"),
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    derandomize=True,
    phases=(*_SEEK, Phase.shrink),
)

CHOICES: dict[str, settings] = {
    "quick": settings(_COMMON, max_examples=5, stateful_step_count=15),
    "default": settings(_COMMON, max_examples=25, stateful_step_count=30),
    "deep": settings(_COMMON, max_examples=100, stateful_step_count=60, derandomize=False),
}
"""The profiles that a user can choose."""

PROFILES: dict[str, settings] = {
    **CHOICES,
    "gate": settings(CHOICES["quick"], phases=_SEEK),
    "minimal": settings(CHOICES["quick"], max_examples=1, phases=(Phase.generate, Phase.shrink)),
    "explicit": settings(CHOICES["quick"], phases=(Phase.explicit, Phase.shrink)),
}
"""All profiles. `gate` does not shrink; `minimal` and `explicit` save requests."""


def load(name: str) -> None:
    """Load a profile for the tests that are imported from now on. Raises ValueError for an unknown name."""
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}, known: {', '.join(CHOICES)}")
    register()
    settings.load_profile(f"understudy-{name}")


def register() -> None:
    """Register the profiles with hypothesis under prefixed names."""
    for name, profile in PROFILES.items():
        settings.register_profile(f"understudy-{name}", profile)


@contextmanager
def profile(name: str, test: Callable[..., None]) -> Iterator[None]:
    """Run one test under another profile than the one that it was imported under.

    `minimal` runs the explicit examples of a test, or one generated example for a test without any.

    Hypothesis fixes the settings of a `@given` test when it is decorated and has no public way to change them
    afterwards. Only this function uses the private names, and a test guards them. A derandomized profile also gets
    its seed here, since hypothesis would derive the same seed anew on each run.
    """
    before, own = settings.get_current_profile_name(), dict(vars(test))
    chosen = "explicit" if name == "minimal" and own.get("hypothesis_explicit_examples") else name
    if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
        set_hypothesis_home_dir(HYPOTHESIS_FOLDER)
    load(chosen)
    if f"{_PRIVATE}_use_settings" in own:
        vars(test)[f"{_PRIVATE}_use_settings"] = PROFILES[chosen]
        vars(test)[f"{_PRIVATE}_use_seed"] = _seed(test) if PROFILES[chosen].derandomize else None
        vars(test)[f"{_PRIVATE}_database_key"] = None
    try:
        yield
    finally:
        vars(test).clear()
        vars(test).update(own)
        settings.load_profile(before)


@functools.cache
def _seed(test: Any) -> int:
    """The seed that hypothesis would derive from a test's source on every run, which is slow."""
    return int.from_bytes(function_digest(test.hypothesis.inner_test), "big")
