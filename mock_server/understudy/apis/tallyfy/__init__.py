"""Tallyfy: the declaration of its API.

Sources: the pages of the Open API, and where they are silent the official clients.
Documented behaviour is a rule in `openapi/tallyfy.yaml`, the rest an assumption there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from understudy.apis.tallyfy import (
    assets,
    automations,
    captures,
    conversions,
    deadlines,
    form_values,
    guests,
    members,
    one_off,
    seed,
    steps,
    template_archive,
    template_changes,
)
from understudy.apis.tallyfy.access import access_info, authenticate
from understudy.apis.tallyfy.errors import error_body
from understudy.apis.tallyfy.events import (
    archive_template,
    hide_task,
    report_process_issue,
    resolve_process_issue,
    restore_template,
    show_task,
)
from understudy.apis.tallyfy.folders import (
    add_to_folder,
    delete_folder,
    list_folders,
    remove_from_folder,
    update_folder,
)
from understudy.apis.tallyfy.groups import delete_group, get_group, list_groups
from understudy.apis.tallyfy.kickoff import complete_kickoff, get_form_fields, reopen_kickoff
from understudy.apis.tallyfy.launch import launch_run
from understudy.apis.tallyfy.organizations import get_me, get_organization, list_my_organizations
from understudy.apis.tallyfy.records import LAYOUTS, inconsistencies
from understudy.apis.tallyfy.runs import (
    activate_run,
    archive_run,
    export_run,
    get_run,
    list_runs,
    purge_run,
    update_run,
)
from understudy.apis.tallyfy.search import search
from understudy.apis.tallyfy.tags import add_tag, delete_tag, get_tag, list_tags, remove_tag
from understudy.apis.tallyfy.tasks import (
    complete_task,
    get_run_task,
    get_task,
    list_guest_tasks,
    list_my_tasks,
    list_run_tasks,
    list_tasks,
    list_user_tasks,
    reopen_task,
    update_task,
)
from understudy.apis.tallyfy.templates import get_template, get_template_fields, list_templates
from understudy.apis.tallyfy.threads import (
    add_bot_comment,
    add_comment,
    delete_comment,
    report_problem,
    resolve_threads,
    update_comment,
)
from understudy.document.compile import load
from understudy.engine.api import Api
from understudy.engine.call import Handler
from understudy.engine.pipeline import STEPS
from understudy.engine.revocation import revoke_key
from understudy.resources import declare as declare_resources

HANDLERS: Mapping[str, Handler] = {
    "getMe": get_me,
    "listMyOrganizations": list_my_organizations,
    "getOrganization": get_organization,
    "getOrganizationMe": get_me,
    "listTemplates": list_templates,
    "getTemplate": get_template,
    "getTemplateFormFields": get_template_fields,
    "createTemplate": template_changes.create_template,
    "updateTemplate": template_changes.update_template,
    "publishTemplate": template_changes.publish_template,
    "cloneTemplate": template_changes.clone_template,
    "archiveTemplate": template_archive.archive_template,
    "restoreTemplate": template_archive.restore_template,
    "purgeTemplate": template_archive.purge_template,
    "listRuns": list_runs,
    "launchRun": launch_run,
    "getRun": get_run,
    "updateRun": update_run,
    "archiveRun": archive_run,
    "activateRun": activate_run,
    "purgeRun": purge_run,
    "exportRun": export_run,
    "completeKickoff": complete_kickoff,
    "reopenKickoff": reopen_kickoff,
    "getRunFormFields": get_form_fields,
    "listRunTasks": list_run_tasks,
    "getRunTask": get_run_task,
    "updateTask": update_task,
    "getAutomaticDeadline": deadlines.get_automatic_deadline,
    "resetDeadline": deadlines.reset_deadline,
    "completeTask": complete_task,
    "reopenTask": reopen_task,
    "listTasks": list_tasks,
    "getTask": get_task,
    "listMyTasks": list_my_tasks,
    "listUserTasks": list_user_tasks,
    "addComment": add_comment,
    "addBotComment": add_bot_comment,
    "reportProblem": report_problem,
    "resolveThreads": resolve_threads,
    "listGroups": list_groups,
    "getGroup": get_group,
    "deleteGroup": delete_group,
    "listTags": list_tags,
    "getTag": get_tag,
    "deleteTag": delete_tag,
    "addTag": add_tag,
    "removeTag": remove_tag,
    "listFolders": list_folders,
    "updateFolder": update_folder,
    "deleteFolder": delete_folder,
    "addToFolder": add_to_folder,
    "removeFromFolder": remove_from_folder,
    "search": search,
    "createTask": one_off.create_task,
    "updateOneOffTask": one_off.update_task,
    "cloneTask": one_off.clone_task,
    "archiveTask": one_off.archive_task,
    "restoreTask": one_off.restore_task,
    "deleteTask": one_off.delete_task,
    "completeOneOffTask": one_off.complete_task,
    "reopenOneOffTask": one_off.reopen_task,
    "updateComment": update_comment,
    "deleteComment": delete_comment,
    "listMembers": members.list_members,
    "listMemberNames": members.list_member_names,
    "getMember": members.get_member,
    "updateMember": members.update_member,
    "removeMember": members.remove_member,
    "inviteMember": members.invite_member,
    "updateMemberRole": members.update_role,
    "disableMember": members.disable_member,
    "enableMember": members.enable_member,
    "approveMember": members.approve_member,
    "deleteMember": members.delete_member,
    "listGuests": guests.list_guests,
    "createGuest": guests.create_guest,
    "listGuestNames": guests.list_guest_names,
    "getGuest": guests.get_guest,
    "updateGuest": guests.update_guest,
    "deleteGuest": guests.delete_guest,
    "disableGuest": guests.disable_guest,
    "enableGuest": guests.enable_guest,
    "convertGuest": conversions.convert_guest,
    "convertMember": conversions.convert_member,
    "purgeGuest": guests.purge_guest,
    "listGuestTasks": list_guest_tasks,
    "listSteps": steps.list_steps,
    "createStep": steps.create_step,
    "getStep": steps.get_step,
    "updateStep": steps.update_step,
    "deleteStep": steps.delete_step,
    "cloneStep": steps.clone_step,
    "reorderStep": steps.reorder_step,
    "createField": captures.create_field,
    "updateField": captures.update_field,
    "deleteField": captures.delete_field,
    "reorderFields": captures.reorder_fields,
    "moveField": captures.move_field,
    "uploadFile": assets.upload_asset,
    "uploadAsset": assets.upload_asset,
    "getAsset": assets.get_asset,
    "archiveAsset": assets.archive_asset,
    "deleteFile": assets.delete_asset,
    "downloadFile": assets.download_file,
    "viewFile": assets.view_file,
    "setFieldValue": form_values.set_value,
    "setGuestFieldValue": form_values.set_guest_value,
    "deleteKickoffField": form_values.delete_kickoff_field,
    "createAutomation": automations.create_automation,
    "updateAutomation": automations.update_automation,
    "deleteAutomation": automations.delete_automation,
}
"""What each operation does that no resource of the document declares."""


def declare() -> Api:
    """Declare the API and compile its document. Raises ContractError."""
    contract = load("tallyfy")
    resources = declare_resources(contract, replaced=HANDLERS)
    layouts = {**LAYOUTS, **resources.layouts}
    return Api(
        name="tallyfy",
        contract=contract,
        handlers={**resources.handlers, **HANDLERS},
        steps=replace(STEPS, authenticate=authenticate),
        error_body=error_body,
        error_type=b"application/json",
        layouts=layouts,
        inconsistencies=inconsistencies,
        seed=partial(seed.seed, layouts=layouts),
        new_key=resources.new_key,
        access_info=access_info,
        events={
            "hide-task": hide_task,
            "show-task": show_task,
            "report-process-issue": report_process_issue,
            "resolve-process-issue": resolve_process_issue,
            "archive-template": archive_template,
            "restore-template": restore_template,
            "revoke-key": revoke_key,
        },
        timers={},
        larger_bodies=dict.fromkeys(("uploadFile", "uploadAsset"), 32 << 20),
    )
