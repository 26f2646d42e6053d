"""Which rule of Kognitos says what members an object has, by operation and pointer; the first that fits counts."""

from __future__ import annotations

from understudy_checks.violations import Shape

SHAPES = (
    Shape("*", "/status_code", "kognitos.envelope.error-model"),
    Shape("createFile", "", "kognitos.files.created"),
    Shape("createFile", "*", "kognitos.files.fields"),
    Shape("uploadFile", "*", "kognitos.upload.accepted"),
    Shape("getHealth", "*", "kognitos.health.ok"),
    Shape("createRun", "", "kognitos.creation.created"),
    Shape("*Process*", "/stage", "kognitos.processes.stages"),
    Shape("*Process*", "?*", "kognitos.processes.fields"),
    Shape("*Run*", "/outputs*", "kognitos.runs.outputs"),
    Shape("*Run*", "/file_ids*", "kognitos.runs.file-ids"),
    Shape("*Run*", "?*", "kognitos.runs.fields"),
)
