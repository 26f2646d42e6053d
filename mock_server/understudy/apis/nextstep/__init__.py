"""NextStep: the declaration of its API.

Sources: the help pages Process Runs, Tasks, REST API, Authentication and Process Templates.
Documented behaviour is a rule in `openapi/nextstep.yaml`, the rest an assumption there.
"""

from __future__ import annotations

from functools import partial

from understudy.apis.nextstep import seed
from understudy.apis.nextstep.access import access_info
from understudy.apis.nextstep.events import (
    approve_task,
    edit_template,
    lapse_subscription,
    reject_task,
    skip_task,
)
from understudy.apis.nextstep.life_cycle import complete_scheduled_run
from understudy.apis.nextstep.records import COMPLETION_JOB, LAYOUTS
from understudy.apis.nextstep.runs import create_run
from understudy.apis.nextstep.tasks import get_task, list_run_tasks, update_task
from understudy.apis.nextstep.templates import list_template_tasks, publish_template
from understudy.document.compile import load
from understudy.engine.api import Api, Timer
from understudy.engine.pipeline import STEPS
from understudy.engine.revocation import revoke_key
from understudy.resources import declare as resources_of


def declare() -> Api:
    """Declare the API and compile its document. Raises ContractError."""
    contract = load("nextstep")
    handlers = {
        "listTemplateTasks": list_template_tasks,
        "publishProcessTemplate": publish_template,
        "createProcessRun": create_run,
        "listRunTasks": list_run_tasks,
        "getRunTask": get_task,
        "updateRunTask": update_task,
    }
    resources = resources_of(contract, replaced=handlers)
    layouts = {**resources.layouts, **LAYOUTS}  # what a hint names first is what the document knows
    return Api(
        name="nextstep",
        contract=contract,
        handlers={**resources.handlers, **handlers},
        steps=STEPS,
        error_body=resources.error_body,
        error_type=b"application/json",
        layouts=layouts,
        inconsistencies=seed.inconsistencies,
        seed=partial(seed.seed, layouts=layouts, entry=resources.entry),
        new_key=resources.new_key,
        access_info=access_info,
        events={
            "skip-task": skip_task,
            "approve-task": approve_task,
            "reject-task": reject_task,
            "edit-template": edit_template,
            "revoke-key": revoke_key,
            "lapse-subscription": lapse_subscription,
        },
        timers={"complete-run": Timer(complete_scheduled_run, COMPLETION_JOB)},
        find=resources.find,
    )
