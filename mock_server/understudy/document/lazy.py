"""Validators that are compiled when they are first used: a large document has thousands, and few are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.document.model import Validator


class LazyValidator:
    """Stands for a validator that `make` compiles when it is first used."""

    def __init__(self, make: Callable[[], Validator]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        """Compile the validator, and take its methods over, so that this is not called again."""
        validator = self._make()
        self.is_valid, self.iter_errors = validator.is_valid, validator.iter_errors
        return getattr(validator, name)
