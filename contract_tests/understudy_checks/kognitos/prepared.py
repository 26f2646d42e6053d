"""What a person can prepare in Kognitos' app, for rules that no request alone can check."""

from __future__ import annotations

PREPARED = {
    "cancelled_run": "a run that a person cancelled",
    "failed_run": "a run that hit an error",
    "timed_out_run": "a run that took longer than it may",
    "waiting_run": "a run that waits for a person",
    "resumed_run": "a run that waited for a person, who has answered",
}
"""By the name of the setting."""
