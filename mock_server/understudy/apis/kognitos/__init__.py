"""Kognitos: the declaration of its API.

Sources: the pages Runs, Processes, Files, Health, API Keys and Platform Capacities.
Documented behaviour is a rule in `openapi/kognitos.yaml`, the rest an assumption there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from understudy.apis.kognitos import seed
from understudy.apis.kognitos.access import access_info, authenticate
from understudy.apis.kognitos.errors import error_body
from understudy.apis.kognitos.events import end_run, resume_run, wait_for_person
from understudy.apis.kognitos.files import create_file, upload_file
from understudy.apis.kognitos.records import LAYOUTS
from understudy.apis.kognitos.runs import create_run, shown_run
from understudy.document.compile import load
from understudy.engine.api import Api
from understudy.engine.pipeline import STEPS
from understudy.engine.revocation import revoke_key
from understudy.resources import declare as resources_of


def declare() -> Api:
    """Declare the API and compile its document. Raises ContractError."""
    contract = load("kognitos")
    handlers = {
        "createRun": create_run,
        "createFile": create_file,
        "uploadFile": upload_file,
    }
    forms = {"runs": shown_run}
    resources = resources_of(contract, replaced=handlers, forms=forms)
    layouts = {**resources.layouts, **LAYOUTS}
    return Api(
        name="kognitos",
        contract=contract,
        handlers={**resources.handlers, **handlers},
        steps=replace(STEPS, authenticate=authenticate),
        error_body=error_body,
        error_type=b"application/json",
        layouts=layouts,
        inconsistencies=partial(seed.inconsistencies, references=resources.references),
        seed=partial(seed.seed, layouts=layouts),
        new_key=resources.new_key,
        access_info=access_info,
        events={
            "fail-run": end_run("Failed"),
            "cancel-run": end_run("Cancelled"),
            "time-out-run": end_run("TimedOut"),
            "wait-for-person": wait_for_person,
            "resume-run": resume_run,
            "revoke-key": revoke_key,
        },
        timers={},
        larger_bodies={"uploadFile": 32 << 20},
        served=forms,
        find=resources.find,
    )
