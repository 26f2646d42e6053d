"""Which rule of Tallyfy says what members an object has, by operation and pointer; the first that fits counts."""

from __future__ import annotations

from understudy_checks.violations import Shape

SHAPES = (
    Shape("launchRun", "", "tallyfy.launch.created"),
    Shape("*", "*progress*", "tallyfy.progress.shape"),
    Shape("*", "/next_task*", "tallyfy.next-task.fields"),
    Shape("*Me", "?*", "tallyfy.me.members"),
    Shape("listTemplates", "?*", "tallyfy.templates.listed-fields"),
    Shape("getTemplate", "/steps*", "tallyfy.templates.steps"),
    Shape("getTemplate", "?*", "tallyfy.templates.fields"),
    Shape("*FormFields", "?*", "tallyfy.fields.members"),
    Shape("listRuns", "?*", "tallyfy.runs.listed-fields"),
    Shape("addComment", "?*", "tallyfy.comments.members"),
    Shape("*Task*", "/owners*", "tallyfy.tasks.owners"),
    Shape("*Task*", "?*", "tallyfy.tasks.fields"),
    Shape("*Run", "?*", "tallyfy.runs.fields"),
)
