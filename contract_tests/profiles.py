"""How many examples each property gets: `quick`, `default` or `deep`.

All but deep are the same on every run. Must not know any test.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.configuration import set_hypothesis_home_dir

ENVIRONMENT = "UNDERSTUDY_PROFILE"
ASIDE = Path(tempfile.gettempdir()) / f"understudy-hypothesis-{getattr(os, 'getuid', int)()}"
"""Where hypothesis keeps what it likes to keep when no pytest runs it: not in the folder of whoever checks a server."""

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
    afterwards; this is the only place that touches the private name, and a test holds that it still works.
    """
    function: Any = test
    before = settings.get_current_profile_name()
    own = getattr(function, "_hypothesis_internal_use_settings", None)
    if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
        set_hypothesis_home_dir(ASIDE)
    written = bool(getattr(function, "hypothesis_explicit_examples", ()))
    load("written" if name == "glance" and written else name)
    if own is not None:
        function._hypothesis_internal_use_settings = settings.default
    try:
        yield
    finally:
        if own is not None:
            function._hypothesis_internal_use_settings = own
        settings.load_profile(before)
