"""What a person can prepare in NextStep's app, for rules that no request alone can check."""

from __future__ import annotations

PREPARED = {
    "skipped_run": "a run in which a person skipped a task or more, and all others are completed",
    "essential_run": "an active run with an essential task that a person tried to skip",
    "edited_run": "a run that was started without a title of its own, and whose template was then unpublished, edited"
    " (its title, the titles of its tasks, those of its sections) and published again",
}
"""By the name of the setting."""
