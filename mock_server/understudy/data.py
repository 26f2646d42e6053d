"""The folder of the installed documents and fixtures: beside the code in a wheel, the root in a checkout.

Must not know what the files mean.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def path(name: str = "") -> Path:
    """The path of an installed file or folder, such as `openapi/control.yaml`."""
    packaged = _PACKAGE / "data"
    return (packaged if packaged.is_dir() else _PACKAGE.parent.parent) / name
