"""The server that the environment names, so that tests run against it in place of one of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path

from understudy.testing.server import MockServer

READY_FILE, URL = "UNDERSTUDY_READY_FILE", "UNDERSTUDY_URL"


def running_server() -> MockServer | None:
    """The server of the ready file or the URL in the environment, None without either.

    Raises ValueError for a ready file that cannot be read, and for a wrong URL.
    """
    ready, url = os.environ.get(READY_FILE), os.environ.get(URL)
    if not ready:
        return MockServer(url=url) if url else None
    try:
        known = json.loads(Path(ready).read_text())
        return MockServer(url=known["url"], token=known.get("control_token"), ca_file=known.get("ca_file"))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ValueError(f"{READY_FILE}={ready} is no ready file of a server: {error}") from error
