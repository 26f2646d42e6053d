"""Where the documents and fixtures lie: beside the code in a wheel, beside the package in a checkout.

Decides one thing, the folder. Must not know what the files mean.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def path(name: str = "") -> Path:
    """The file or folder `name` (such as `openapi/control.yaml`) of the installed data."""
    packaged = _PACKAGE / "data"
    return (packaged if packaged.is_dir() else _PACKAGE.parent.parent) / name
