"""Every public method of Tallyfy's official Python SDK: a call of it in the default world, and what that sends.

`tests/apis/test_tallyfy_sdk_methods.py` makes the calls, `docs/reference/tallyfy-python-sdk.md` shows the table.
Must not import the SDK: the papers are written without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Sdk = Any
ORG = "YOUR_ORGANIZATION_ID"
TEMPLATE = "template_timeline_id"
PLAIN = "00000000000000000000000000000a02"
PLAIN_STEP = "e0000000000000000000000000000001"
STEP = "c0000000000000000000000000000002"  # with form fields
OTHER_STEP = "step_id_setup"
FIELD, DROPDOWN, RADIO = (f"d000000000000000000000000000000{number}" for number in (1, 3, 4))
RUN = "PROCESS_RUN_ID"
ONE_OFF = "ONEOFF_TASK_ID"
GROUP = "60000000000000000000000000000001"
TAG, URGENT = "tag_abc", "a9000000000000000000000000000002"
FOLDER = "f0000000000000000000000000000001"
GUEST = "guest@customer.example"
PEOPLE = (1001, 1002, 1003)


@dataclass(frozen=True, slots=True)
class Method:
    """One method: `call` calls it, `holds` says whether the result is right, `sends` are the operations in turn.

    `refused` is the documented reason where the call is refused.
    """

    name: str
    call: Callable[[Sdk], Any]
    holds: Callable[[Any], object]
    sends: tuple[str, ...] = ()
    refused: str | None = None


def _task(sdk: Sdk) -> Any:
    """An open task of the process."""
    return sdk.tasks.get_tasks_for_process(ORG, RUN, status="incomplete").data[0]


def _comment(sdk: Sdk, content: str = "A remark") -> Any:
    return sdk.threads.add_task_comment(ORG, ONE_OFF, content)


def _rule(sdk: Sdk) -> Any:
    return sdk.templates.create_automation_rule(ORG, TEMPLATE, _RULE)


_RULE = {
    "automated_alias": "Skip the gift",
    "conditions": [{"conditionable_id": STEP, "conditionable_type": "Step", "operation": "completed", "logic": "and"}],
    "then_actions": [{"action_type": "visibility", "action_verb": "hide", "target_step_id": OTHER_STEP}],
}


def _users() -> Iterator[Method]:
    made = {"email": "nora@acme.example", "first_name": "Nora", "last_name": "Quist"}
    yield Method("approve_user", lambda s: s.users.approve_user(ORG, 1006), lambda r: r is True, ("approveMember",))
    yield Method(
        "change_user_role",
        lambda s: s.users.change_user_role(ORG, 1003, "light"),
        lambda r: r is True,
        ("updateMemberRole",),
    )
    yield Method(
        "create_guest",
        lambda s: s.users.create_guest(ORG, "new@customer.example", "New", "Guest", company_name="Customer"),
        lambda r: (r.email, r.first_name, r.details.company_name) == ("new@customer.example", "New", "Customer"),
        ("createGuest",),
    )
    yield Method(
        "disable_guest", lambda s: s.users.disable_guest(ORG, "idle@customer.example"), bool, ("disableGuest",)
    )
    yield Method("disable_user", lambda s: s.users.disable_user(ORG, 1003), bool, ("disableMember",))
    yield Method("enable_guest", lambda s: s.users.enable_guest(ORG, GUEST), bool, ("enableGuest",))
    yield Method("enable_user", lambda s: s.users.enable_user(ORG, 1006), bool, ("enableMember",))
    yield Method(
        "get_all_organization_members",
        lambda s: s.users.get_all_organization_members(ORG, with_groups=True, with_stats=True),
        lambda r: {u.id for u in r["users"].data} >= set(PEOPLE) and GUEST in [g.email for g in r["guests"].data],
        ("listMembers", "listGuests"),
    )
    yield Method(
        "get_current_user_info",
        lambda s: s.users.get_current_user_info(ORG),
        lambda r: r.id == 1002,
        ("getOrganizationMe",),
    )
    yield Method("get_guest", lambda s: s.users.get_guest(ORG, GUEST), lambda r: r.email == GUEST, ("getGuest",))
    yield Method(
        "get_guest_by_email",
        lambda s: s.users.get_guest_by_email(ORG, GUEST),
        lambda r: r.email == GUEST,
        ("listGuests",),
    )
    yield Method(
        "get_guest_tasks",
        lambda s: s.users.get_guest_tasks(ORG, s.users.get_guest(ORG, GUEST).guest_id),
        lambda r: r.data and all(GUEST in task.owners.guests for task in r.data),
        ("getGuest", "listGuestTasks"),
    )
    yield Method(
        "get_invitation_template_message",
        lambda s: s.users.get_invitation_template_message("Acme"),
        lambda r: "Acme" in r,
    )
    yield Method(
        "get_organization_guests",
        lambda s: s.users.get_organization_guests(ORG, with_stats=True),
        lambda r: GUEST in [guest.email for guest in r.data] and r.meta.total == len(r.data),
        ("listGuests",),
    )
    yield Method(
        "get_organization_guests_list",
        lambda s: s.users.get_organization_guests_list(ORG),
        lambda r: GUEST in [guest.email for guest in r.data],
        ("listGuestNames",),
    )
    yield Method(
        "get_organization_users",
        lambda s: s.users.get_organization_users(ORG, with_groups=True),
        lambda r: {user.id for user in r.data} >= set(PEOPLE) and r.meta.total == len(r.data),
        ("listMembers",),
    )
    yield Method(
        "get_organization_users_list",
        lambda s: s.users.get_organization_users_list(ORG),
        lambda r: {user.id for user in r.data} >= set(PEOPLE),
        ("listMemberNames",),
    )
    yield Method(
        "get_user",
        lambda s: s.users.get_user(ORG, 1003),
        lambda r: (r.id, r.full_name, r.role) == (1003, "Cleo Okafor", "standard"),
        ("getMember",),
    )
    yield Method(
        "get_user_by_email",
        lambda s: s.users.get_user_by_email(ORG, "cleo@acme.example"),
        lambda r: r.id == 1003,
        ("listMembers",),
    )
    yield Method(
        "invite_multiple_users",
        lambda s: s.users.invite_multiple_users(ORG, [made, {**made, "email": "omar@acme.example"}]),
        lambda r: [user.status for user in r] == ["invited", "invited"],
        ("inviteMember", "inviteMember"),
    )
    yield Method(
        "invite_user_to_organization",
        lambda s: s.users.invite_user_to_organization(ORG, **made, role="standard"),
        lambda r: (r.full_name, r.role, r.status) == ("Nora Quist", "standard", "invited"),
        ("inviteMember",),
    )
    yield Method(
        "invite_user_with_custom_role_permissions",
        lambda s: s.users.invite_user_with_custom_role_permissions(ORG, **made, role="light"),
        lambda r: r.role == "light",
        ("inviteMember",),
    )
    yield Method(
        "resend_invitation",
        lambda s: s.users.resend_invitation(ORG, "nora@acme.example"),
        lambda r: r is True,
        ("inviteMember",),
    )
    yield Method(
        "search_members_by_name",
        lambda s: s.users.search_members_by_name(ORG, "okafor"),
        lambda r: [user.id for user in r["users"]] == [1003],
        ("listMembers", "listGuests"),
    )
    yield Method(
        "update_guest",
        lambda s: s.users.update_guest(ORG, GUEST, first_name="Gina"),
        lambda r: (r.email, r.first_name) == (GUEST, "Gina"),
        ("updateGuest",),
    )
    yield Method(
        "validate_invitation_data", lambda s: s.users.validate_invitation_data(made), lambda r: r["role"] == "light"
    )


def _tasks() -> Iterator[Method]:
    when = "2031-03-04 12:00:00"
    yield Method("archive_process", lambda s: s.tasks.archive_process(ORG, RUN), bool, ("archiveRun",))
    yield Method("complete_kickoff_form", lambda s: s.tasks.complete_kickoff_form(ORG, RUN), bool, ("completeKickoff",))
    yield Method(
        "complete_standalone_task",
        lambda s: s.tasks.complete_standalone_task(ORG, ONE_OFF),
        lambda r: (r.id, r.status, r.completer_id) == (ONE_OFF, "completed", 1002),
        ("completeOneOffTask",),
    )
    yield Method(
        "complete_task",
        lambda s: s.tasks.complete_task(ORG, RUN, _task(s).id),
        lambda r: r.status == "completed",
        ("listRunTasks", "completeTask"),
    )
    yield Method(
        "create_task",
        lambda s: s.tasks.create_task(ORG, "Call back", when, user_ids=[1003], description="Today"),
        lambda r: (r.title, r.owners.users, r.is_oneoff_task, r.status) == ("Call back", [1003], True, "not-started"),
        ("createTask",),
    )
    yield Method(
        "delete_standalone_task", lambda s: s.tasks.delete_standalone_task(ORG, ONE_OFF), bool, ("archiveTask",)
    )
    yield Method(
        "find_process_by_name",
        lambda s: s.tasks.find_process_by_name(ORG, "Offboarding 011"),
        lambda r: [found.name for found in r] == ["Offboarding 011"],
        ("search",),
    )
    yield Method("get_my_tasks", lambda s: s.tasks.get_my_tasks(ORG), lambda r: r.data, ("listMyTasks",))
    yield Method(
        "get_organization_processes",
        lambda s: s.tasks.get_organization_processes(ORG, per_page=5),
        lambda r: len(r.data) == 5,
        ("listRuns",),
    )
    yield Method(
        "get_organization_runs",
        lambda s: s.tasks.get_organization_runs(ORG, status="complete"),
        lambda r: r.data and all(run.status == "complete" for run in r.data),
        ("listRuns",),
    )
    yield Method(
        "get_process",
        lambda s: s.tasks.get_process(ORG, RUN, with_="tags,tasks"),
        lambda r: r.id == RUN and r.extra["tasks"]["data"],
        ("getRun",),
    )
    yield Method(
        "get_standalone_task",
        lambda s: s.tasks.get_standalone_task(ORG, ONE_OFF),
        lambda r: r.id == ONE_OFF and r.run_id is None,
        ("getTask",),
    )
    yield Method(
        "get_task",
        lambda s: s.tasks.get_task(ORG, RUN, _task(s).id, with_="step"),
        lambda r: r.step.title,
        ("listRunTasks", "getRunTask"),
    )
    yield Method(
        "get_tasks_for_process",
        lambda s: s.tasks.get_tasks_for_process(ORG, process_name="Offboarding 011"),
        lambda r: len(r.data) == 2,
        ("search", "listRunTasks"),
    )
    yield Method(
        "get_user_tasks",
        lambda s: s.tasks.get_user_tasks(ORG, 1003),
        lambda r: all(1003 in task.owners.users for task in r.data),
        ("listUserTasks",),
    )
    yield Method(
        "launch_process",
        lambda s: s.tasks.launch_process(ORG, PLAIN, "Week 32", tags=[URGENT], users=[1003], groups=[GROUP]),
        lambda r: (r.name, r.status, r.extra["users"], r.extra["groups"]) == ("Week 32", "active", [1003], [GROUP]),
        ("launchRun",),
    )
    yield Method(
        "reactivate_process",
        lambda s: [s.tasks.archive_process(ORG, RUN), s.tasks.reactivate_process(ORG, RUN)][1],
        lambda r: (r.id, r.archived_at) == (RUN, None),
        ("archiveRun", "activateRun"),
    )
    yield Method("reopen_kickoff_form", lambda s: s.tasks.reopen_kickoff_form(ORG, RUN), bool, ("reopenKickoff",))
    yield Method(
        "reopen_standalone_task",
        lambda s: [s.tasks.complete_standalone_task(ORG, ONE_OFF), s.tasks.reopen_standalone_task(ORG, ONE_OFF)][1],
        lambda r: (r.status, r.completed_at) == ("in-progress", None),
        ("completeOneOffTask", "reopenOneOffTask"),
    )
    yield Method(
        "reopen_task",
        lambda s: s.tasks.reopen_task(ORG, RUN, s.tasks.complete_task(ORG, RUN, _task(s).id).id),
        lambda r: r.status == "in-progress",
        ("listRunTasks", "completeTask", "reopenTask"),
    )
    yield Method(
        "search", lambda s: s.tasks.search(ORG, "Offboarding"), lambda r: r.meta.total == len(r.data) > 1, ("search",)
    )
    yield Method(
        "search_processes",
        lambda s: s.tasks.search_processes(ORG, "offboarding 011"),
        lambda r: [found.name for found in r.data] == ["Offboarding 011"],
        ("search",),
    )
    yield Method(
        "search_processes_by_name",
        lambda s: s.tasks.search_processes_by_name(ORG, "Offboarding 011"),
        lambda r: r == "00000000000000000000000000000d0b",
        ("search",),
    )
    yield Method(
        "search_tasks",
        lambda s: s.tasks.search_tasks(ORG, "Prepare Offboarding"),
        lambda r: r.data and all(found.title == "Prepare Offboarding" and found.run_id for found in r.data),
        ("search",),
    )
    yield Method(
        "search_templates",
        lambda s: s.tasks.search_templates(ORG, "Weekly"),
        lambda r: [(found.id, found.steps_count) for found in r.data] == [(PLAIN, 3)],
        ("search",),
    )
    yield Method(
        "update_process",
        lambda s: s.tasks.update_process(ORG, RUN, name="Renamed", starred=True),
        lambda r: (r.name, r.starred) == ("Renamed", True),
        ("updateRun",),
    )
    yield Method(
        "update_standalone_task",
        lambda s: s.tasks.update_standalone_task(
            ORG, ONE_OFF, title="Renamed", deadline=when, owners={"users": [1001], "guests": [], "groups": []}
        ),
        lambda r: (r.title, r.owners.users) == ("Renamed", [1001]),
        ("updateOneOffTask",),
    )
    yield Method(
        "update_task",
        lambda s: s.tasks.update_task(ORG, RUN, _task(s).id, title="Renamed"),
        lambda r: r.title == "Renamed",
        ("listRunTasks", "updateTask"),
    )


def _templates() -> Iterator[Method]:
    def step(sdk: Sdk) -> Any:
        return sdk.templates.add_step_to_template(ORG, PLAIN, {"title": "Check", "assignees": [1003]})

    yield Method(
        "add_assignees_to_step",
        lambda s: s.templates.add_assignees_to_step(ORG, PLAIN, PLAIN_STEP, [1003], [GUEST]),
        lambda r: (r["assignees"], r["guests"]) == ([1003], [GUEST]),
        ("getStep", "updateStep"),
    )
    yield Method(
        "add_step_to_template", step, lambda r: (r["title"], r["assignees"]) == ("Check", [1003]), ("createStep",)
    )
    yield Method(
        "clone_step",
        lambda s: s.templates.clone_step(ORG, PLAIN, PLAIN_STEP),
        lambda r: r["id"] != PLAIN_STEP and r["checklist_id"] == PLAIN,
        ("cloneStep",),
    )
    yield Method(
        "create_automation_rule", _rule, lambda r: r["automated_alias"] == "Skip the gift", ("createAutomation",)
    )
    yield Method(
        "create_template",
        lambda s: s.templates.create_template(ORG, "Handover", summary="Step by step", owner_id=1001),
        lambda r: (r.title, r.owner_id, r.type, r.users, r.prerun) == ("Handover", 1001, "procedure", [], []),
        ("createTemplate",),
    )
    yield Method(
        "delete_automation_rule",
        lambda s: s.templates.delete_automation_rule(ORG, TEMPLATE, _rule(s)["id"]),
        lambda r: isinstance(r, dict),
        ("createAutomation", "deleteAutomation"),
    )
    yield Method("delete_step", lambda s: s.templates.delete_step(ORG, PLAIN, PLAIN_STEP), bool, ("deleteStep",))
    yield Method("delete_template", lambda s: s.templates.delete_template(ORG, PLAIN), bool, ("archiveTemplate",))
    yield Method(
        "delete_template_with_references",
        lambda s: s.templates.delete_template_with_references(ORG, PLAIN),
        lambda r: r["deleted_references"] == [] and r["message"],
        ("archiveTemplate",),
    )
    yield Method(
        "duplicate_template",
        lambda s: s.templates.duplicate_template(ORG, TEMPLATE, "A copy", ORG),
        lambda r: r.title == "A copy" and r.id != TEMPLATE and len(r.prerun) == 6,
        ("cloneTemplate",),
    )
    yield Method(
        "edit_description_on_step",
        lambda s: s.templates.edit_description_on_step(ORG, PLAIN, PLAIN_STEP, "In detail"),
        lambda r: r["summary"] == "In detail",
        ("getStep", "updateStep"),
    )
    yield Method(
        "get_all_templates",
        lambda s: s.templates.get_all_templates(ORG),
        lambda r: len(r.data) > 10,
        ("listTemplates",),
    )
    yield Method(
        "get_kickoff_form_fields",
        lambda s: s.templates.get_kickoff_form_fields(ORG, TEMPLATE),
        lambda r: len(r) == 6,
        ("getTemplateFormFields",),
    )
    yield Method(
        "get_step_dependencies",
        lambda s: [_rule(s), s.templates.get_step_dependencies(ORG, TEMPLATE, OTHER_STEP)][1],
        lambda r: [one["step_id"] for one in r["dependencies"]["incoming"]] == [STEP],
        ("createAutomation", "getTemplate"),
    )
    yield Method(
        "get_step_visibility_conditions",
        lambda s: [_rule(s), s.templates.get_step_visibility_conditions(ORG, TEMPLATE, OTHER_STEP)][1],
        lambda r: len(r["visibility_rules"]["hide_rules"]) == 1,
        ("createAutomation", "getTemplate"),
    )
    yield Method(
        "get_template",
        lambda s: s.templates.get_template(ORG, template_name="Weekly Report"),
        lambda r: (r.id, len(r.steps)) == (PLAIN, 3),
        ("search", "getTemplate"),
    )
    yield Method(
        "get_template_steps",
        lambda s: s.templates.get_template_steps(ORG, TEMPLATE),
        lambda r: [one.position for one in r] == list(range(1, 9)),
        ("listSteps",),
    )
    yield Method(
        "get_template_with_steps",
        lambda s: s.templates.get_template_with_steps(ORG, TEMPLATE),
        lambda r: r["prerun_field_count"] == 6 and r["template"].id == TEMPLATE,
        ("getTemplate",),
    )
    yield Method(
        "reorder_step",
        lambda s: s.templates.reorder_step(ORG, PLAIN, PLAIN_STEP, 3),
        lambda r: (r["id"], r["position"]) == (PLAIN_STEP, 3),
        ("reorderStep",),
    )
    yield Method(
        "search_templates_by_name",
        lambda s: s.templates.search_templates_by_name(ORG, "weekly report"),
        lambda r: r == PLAIN,
        ("search",),
    )
    yield Method(
        "update_automation_rule",
        lambda s: s.templates.update_automation_rule(ORG, TEMPLATE, _rule(s)["id"], {"alias": "Renamed"}),
        lambda r: (r["automated_alias"], len(r["then_actions"])) == ("Renamed", 1),
        ("createAutomation", "getTemplate", "updateAutomation"),
    )
    yield Method(
        "update_template_metadata",
        lambda s: s.templates.update_template_metadata(ORG, PLAIN, title="Weekly", guidance="Be brief", users=[1003]),
        lambda r: (r.title, r.guidance, r.users) == ("Weekly", "Be brief", [1003]),
        ("updateTemplate",),
    )


def _form_fields() -> Iterator[Method]:
    def options(sdk: Sdk) -> Any:
        return sdk.form_fields.get_dropdown_options(ORG, TEMPLATE, STEP, DROPDOWN)

    def read(sdk: Sdk, done: Any) -> Any:
        return (done, options(sdk))

    written = ("getStep", "getStep", "updateField", "getStep")
    yield Method(
        "add_dropdown_option",
        lambda s: read(s, s.form_fields.add_dropdown_option(ORG, TEMPLATE, STEP, DROPDOWN, "Energy")),
        lambda r: r == (True, ["Health", "Retail", "Banking", "Energy"]),
        written,
    )
    yield Method(
        "add_form_field_to_step",
        lambda s: s.form_fields.add_form_field_to_step(
            ORG, PLAIN, PLAIN_STEP, {"field_type": "text", "label": "Remark", "required": False}
        ),
        lambda r: (r.label, r.field_type, r.required, r.step_id) == ("Remark", "text", False, PLAIN_STEP),
        ("createField",),
    )
    yield Method(
        "delete_form_field",
        lambda s: s.form_fields.delete_form_field(ORG, TEMPLATE, STEP, FIELD),
        bool,
        ("deleteField",),
    )
    yield Method("get_dropdown_options", options, lambda r: r == ["Health", "Retail", "Banking"], ("getStep",))
    yield Method(
        "get_step",
        lambda s: s.form_fields.get_step(ORG, TEMPLATE, STEP),
        lambda r: (r.id, len(r.captures)) == (STEP, 10),
        ("getStep",),
    )
    yield Method(
        "move_form_field",
        lambda s: s.form_fields.move_form_field(ORG, TEMPLATE, STEP, FIELD, OTHER_STEP),
        lambda r: r is True,
        ("moveField",),
    )
    yield Method(
        "remove_dropdown_option",
        lambda s: read(s, s.form_fields.remove_dropdown_option(ORG, TEMPLATE, STEP, DROPDOWN, "Retail")),
        lambda r: r == (True, ["Health", "Banking"]),
        written,
    )
    yield Method(
        "reorder_dropdown_options",
        lambda s: read(
            s, s.form_fields.reorder_dropdown_options(ORG, TEMPLATE, STEP, DROPDOWN, ["Banking", "Health", "Retail"])
        ),
        lambda r: r == (True, ["Banking", "Health", "Retail"]),
        written,
    )
    yield Method(
        "reorder_form_fields",
        lambda s: s.form_fields.reorder_form_fields(
            ORG, TEMPLATE, STEP, [{"id": RADIO, "position": 1}, {"id": FIELD, "position": 2}]
        ),
        bool,
        ("reorderFields", "reorderFields"),
    )
    yield Method(
        "update_dropdown_options",
        lambda s: read(s, s.form_fields.update_dropdown_options(ORG, TEMPLATE, STEP, DROPDOWN, ["Yes", "No"])),
        lambda r: r == (True, ["Yes", "No"]),
        ("getStep", "updateField", "getStep"),
    )
    yield Method(
        "update_form_field",
        lambda s: s.form_fields.update_form_field(ORG, TEMPLATE, STEP, RADIO, label="Way", guidance="How"),
        lambda r: (r.label, r.guidance, r.field_type) == ("Way", "How", "radio"),
        ("updateField",),
    )


def _organizations() -> Iterator[Method]:
    yield Method(
        "get_current_user_organizations",
        lambda s: s.organizations.get_current_user_organizations(),
        lambda r: r.data[0].id == ORG,
        ("listMyOrganizations",),
    )
    yield Method(
        "get_organization", lambda s: s.organizations.get_organization(ORG), lambda r: r.id == ORG, ("getOrganization",)
    )


def _threads() -> Iterator[Method]:
    def resolve(sdk: Sdk) -> Any:
        task = _task(sdk)
        issue = sdk.threads.report_task_issue(ORG, task.id, "Broken")
        return sdk.threads.resolve_task_issues(ORG, task.id, issue.id)

    yield Method("add_task_comment", _comment, lambda r: r.content == "A remark", ("addComment",))
    yield Method(
        "delete_task_comment",
        lambda s: s.threads.delete_task_comment(ORG, ONE_OFF, _comment(s).id),
        bool,
        ("addComment", "deleteComment"),
    )
    yield Method(
        "get_standalone_task_comments",
        lambda s: [_comment(s), s.threads.get_standalone_task_comments(ORG, ONE_OFF)][1],
        lambda r: "A remark" in [one.content for one in r],
        ("addComment", "getTask"),
    )
    yield Method(
        "get_task_comments",
        lambda s: s.threads.get_task_comments(ORG, RUN, _task(s).id),
        lambda r: isinstance(r, list),
        ("listRunTasks", "getRunTask"),
    )
    yield Method(
        "report_task_issue",
        lambda s: s.threads.report_task_issue(ORG, _task(s).id, "Broken"),
        lambda r: r.label == "problem",
        ("listRunTasks", "reportProblem"),
    )
    yield Method("resolve_task_issues", resolve, bool, ("listRunTasks", "reportProblem", "resolveThreads"))
    yield Method(
        "update_task_comment",
        lambda s: s.threads.update_task_comment(ORG, ONE_OFF, _comment(s).id, "Rather this"),
        lambda r: r.content == "Rather this",
        ("addComment", "updateComment"),
    )


def _groups() -> Iterator[Method]:
    yield Method(
        "create_group",
        lambda s: s.groups.create_group(ORG, "Reviewers", "Who reviews", members=[1001, 1003], guests=[GUEST]),
        lambda r: (r.name, r.members, r.guests) == ("Reviewers", [1001, 1003], [GUEST]),
        ("createGroup",),
    )
    yield Method("delete_group", lambda s: s.groups.delete_group(ORG, GROUP), bool, ("deleteGroup",))
    yield Method("get_group", lambda s: s.groups.get_group(ORG, GROUP), lambda r: r.name == "Finance", ("getGroup",))
    yield Method(
        "get_groups",
        lambda s: s.groups.get_groups(ORG, sort_by="name"),
        lambda r: [group.name for group in r] == ["Finance", "Samples", "Support"],
        ("listGroups",),
    )
    yield Method(
        "update_group",
        lambda s: s.groups.update_group(ORG, GROUP, name="Money", members=[1002]),
        lambda r: (r.name, r.members) == ("Money", [1002]),
        ("getGroup", "updateGroup"),
    )


def _tags() -> Iterator[Method]:
    yield Method(
        "create_tag",
        lambda s: s.tags.create_tag(ORG, "Later", color="#123abc"),
        lambda r: (r.title, r.color, r.auto_generated) == ("Later", "#123abc", False),
        ("createTag",),
    )
    yield Method("delete_tag", lambda s: s.tags.delete_tag(ORG, URGENT), bool, ("deleteTag",))
    yield Method(
        "get_tag", lambda s: s.tags.get_tag(ORG, TAG), lambda r: (r.id, r.title) == (TAG, "Onboarding"), ("getTag",)
    )
    yield Method(
        "get_tags",
        lambda s: s.tags.get_tags(ORG, sort="title"),
        lambda r: [t.title for t in r if "sample" not in t.title] == ["Onboarding", "Pilot", "Reporting", "Urgent"],
        ("listTags",),
    )
    yield Method("tag_process", lambda s: s.tags.tag_process(ORG, RUN, URGENT), bool, ("addTag",))
    yield Method("tag_template", lambda s: s.tags.tag_template(ORG, PLAIN, URGENT), bool, ("addTag",))
    yield Method(
        "untag_process",
        lambda s: [s.tags.tag_process(ORG, RUN, URGENT), s.tags.untag_process(ORG, RUN, URGENT)][1],
        bool,
        ("addTag", "getRun", "removeTag"),
    )
    yield Method(
        "untag_template", lambda s: s.tags.untag_template(ORG, TAG, TEMPLATE), bool, ("getTemplate", "removeTag")
    )
    yield Method(
        "update_tag",
        lambda s: s.tags.update_tag(ORG, TAG, title="Start"),
        lambda r: (r.id, r.title, r.color) == (TAG, "Start", "#3498db"),
        ("updateTag",),
    )


def _folders() -> Iterator[Method]:
    yield Method(
        "add_object_to_folder",
        lambda s: s.folders.add_object_to_folder(ORG, FOLDER, RUN, "run"),
        lambda r: isinstance(r["id"], int) and r["folder_id"] == FOLDER,
        ("addToFolder",),
    )
    yield Method(
        "create_folder",
        lambda s: s.folders.create_folder(ORG, "Archive", parent_id=FOLDER),
        lambda r: (r.name, r.parent_id) == ("Archive", FOLDER),
        ("createFolder",),
    )
    yield Method("delete_folder", lambda s: s.folders.delete_folder(ORG, FOLDER), bool, ("deleteFolder",))
    yield Method(
        "get_folder", lambda s: s.folders.get_folder(ORG, FOLDER), lambda r: r.name == "Customers", ("getFolder",)
    )
    yield Method(
        "get_folders",
        lambda s: s.folders.get_folders(ORG),
        lambda r: [(one.name, [child.name for child in one.children]) for one in r] == [("Customers", ["Enterprise"])],
        ("listFolders",),
    )
    yield Method(
        "remove_object_from_folder",
        lambda s: s.folders.remove_object_from_folder(
            ORG, s.folders.add_object_to_folder(ORG, FOLDER, RUN, "run")["id"]
        ),
        bool,
        ("addToFolder", "removeFromFolder"),
    )
    yield Method(
        "update_folder",
        lambda s: s.folders.update_folder(ORG, FOLDER, name="Clients"),
        lambda r: (r.id, r.name) == (FOLDER, "Clients"),
        ("updateFolder",),
    )


def _searches() -> Iterator[Method]:
    yield Method(
        "find_process_by_name",
        lambda s: s.searches.find_process_by_name(ORG, "Offboarding", exact_match=False),
        lambda r: len(r) > 1,
        ("search",),
    )
    yield Method(
        "search", lambda s: s.searches.search(ORG, "Offboarding", on="blueprint"), lambda r: r.data, ("search",)
    )
    yield Method(
        "search_all",
        lambda s: s.searches.search_all(ORG, "Offboarding"),
        lambda r: (
            {kind: bool(found.data) for kind, found in r.items()}
            == {"blueprint": True, "process": True, "task": True, "snippet": False}
        ),
        ("search",),
    )
    yield Method(
        "search_processes", lambda s: s.searches.search_processes(ORG, "Offboarding"), lambda r: r.data, ("search",)
    )
    yield Method(
        "search_processes_by_name",
        lambda s: s.searches.search_processes_by_name(ORG, "Offboarding 011"),
        lambda r: r == "00000000000000000000000000000d0b",
        ("search",),
    )
    yield Method(
        "search_snippets", lambda s: s.searches.search_snippets(ORG, "Offboarding"), lambda r: r.data == [], ("search",)
    )
    yield Method("search_tasks", lambda s: s.searches.search_tasks(ORG, "Prepare"), lambda r: r.data, ("search",))
    yield Method(
        "search_templates", lambda s: s.searches.search_templates(ORG, "Report"), lambda r: r.data, ("search",)
    )
    yield Method(
        "search_templates_by_name",
        lambda s: s.searches.search_templates_by_name(ORG, "Weekly Report"),
        lambda r: r == PLAIN,
        ("search",),
    )


def _files() -> Iterator[Method]:
    def upload(sdk: Sdk) -> Any:
        return sdk.files.upload_file(ORG, b"%PDF-1.7 \x00\xff", "a.pdf", "ko_field", "Checklist", TEMPLATE)

    def url(id: str) -> str:
        return f"https://go.tallyfy.com/api/organizations/{ORG}/file/{id}/dl"

    yield Method(
        "download_file",
        lambda s: s.files.download_file(ORG, upload(s).id),
        lambda r: r == b"%PDF-1.7 \x00\xff",
        ("uploadAsset", "downloadFile"),
    )
    yield Method(
        "download_file_from_url",
        lambda s: s.files.download_file_from_url(url(upload(s).id)),
        lambda r: r == b"%PDF-1.7 \x00\xff",
        ("uploadAsset", "downloadFile"),
    )
    yield Method(
        "upload_file",
        upload,
        lambda r: (r.filename, r.subject) == ("a.pdf", {"id": TEMPLATE, "type": "Checklist"}),
        ("uploadAsset",),
    )


MANAGERS: dict[str, Callable[[], Iterator[Method]]] = {
    "users": _users,
    "tasks": _tasks,
    "templates": _templates,
    "form_fields": _form_fields,
    "organizations": _organizations,
    "threads": _threads,
    "groups": _groups,
    "tags": _tags,
    "folders": _folders,
    "searches": _searches,
    "files": _files,
}
METHODS: dict[str, Method] = {
    f"{manager}.{method.name}": method for manager, methods in MANAGERS.items() for method in methods()
}
"""The methods by manager and name, such as `tags.get_tag`."""
