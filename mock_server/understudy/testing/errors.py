"""What a call of the control API raises when the server refuses it."""

from __future__ import annotations


class ControlError(Exception):
    """The server refused a call of the control API; the message is the server's own, and nothing was changed.

    `status` is the HTTP status, such as 400 for a value that does not fit, 404, 409, 507 where a bound is reached.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
