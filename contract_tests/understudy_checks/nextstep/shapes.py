"""Which rule of NextStep says what members an object has, by operation and pointer; the first that fits counts."""

from __future__ import annotations

from understudy_checks.violations import Shape

SHAPES = (
    Shape("createProcessRun", "*", "nextstep.creation.created"),
    Shape("listTemplateTasks", "*", "nextstep.templates.task-elements"),
    Shape("*Template*", "?*", "nextstep.templates.fields"),
    Shape("*ProcessRun*", "?*", "nextstep.runs.fields"),
    Shape("*RunTask*", "/custom_elements/*", "nextstep.tasks.elements"),
    Shape("*RunTask*", "?*", "nextstep.tasks.fields"),
)
