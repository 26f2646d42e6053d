"""How many examples each property gets: `quick`, `default` or `deep`.

All but deep are the same on every run. Must not know any test.
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


def aside() -> Path:
    """A folder beside what else is kept of this user's, or a temporary one for a user without a home."""
    try:
        return cache.folder() / "hypothesis"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"understudy-hypothesis-{os.getuid()}"


ASIDE = aside()
"""Where hypothesis keeps what it likes to keep when no pytest runs it: not in the folder of whoever checks a server."""

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
    "deep": settings(_COMMON, max_examples=500, stateful_step_count=60, derandomize=False),
}
"""What a user can choose."""

PROFILES: dict[str, settings] = {
    **CHOICES,
    "gate": settings(CHOICES["quick"], phases=_SEEK),
    "glance": settings(CHOICES["quick"], max_examples=1, phases=(Phase.generate, Phase.shrink)),
    "written": settings(CHOICES["quick"], phases=(Phase.explicit, Phase.shrink)),
}
"""All of them: the gate asks only whether a check fails, and at a glance is what is done where requests are dear."""


def load(name: str) -> None:
    """Make a profile the one that tests get which are imported from now on; raises ValueError for an unknown name."""
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}, known: {', '.join(CHOICES)}")
    register()
    settings.load_profile(f"understudy-{name}")


def register() -> None:
    """Register the profiles with hypothesis, under names that nobody else uses."""
    for name, profile in PROFILES.items():
        settings.register_profile(f"understudy-{name}", profile)


@contextmanager
def profile(name: str, test: Callable[..., None]) -> Iterator[None]:
    """Run one test under another profile than the one that it was imported under.

    At a glance a test with written examples gets these, and any other one that is drawn.

    Hypothesis fixes the settings of a `@given` test when it is decorated and has no public way to change them
    afterwards; this is the only place that touches the private names, and a test holds that they still work. Where
    every run is the same there is a seed, too: else hypothesis would work out that very seed on each run.
    """
    before, own = settings.get_current_profile_name(), dict(vars(test))
    chosen = "written" if name == "glance" and own.get("hypothesis_explicit_examples") else name
    if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
        set_hypothesis_home_dir(ASIDE)
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
    """The seed that hypothesis takes where every run is the same: it reads and parses the source of the test for it."""
    return int.from_bytes(function_digest(test.hypothesis.inner_test), "big")
