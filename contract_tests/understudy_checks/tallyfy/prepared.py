"""What a person can prepare in Tallyfy's app, for rules that no request alone can check."""

from __future__ import annotations

PREPARED = {
    "hidden_task": "a task that an automation has hidden, in a process with further tasks",
    "issue_run": "a process with an open issue of its own",
    "archived_template": "an archived template",
}
"""By the name of the setting."""
