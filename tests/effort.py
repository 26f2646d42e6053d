"""How much a test tries: more in the long profile."""

import os

LONG = os.environ.get("UNDERSTUDY_DEEP") == "1"


def examples(usual: int, long: int) -> int:
    """The number of examples of this run."""
    return long if LONG else usual
