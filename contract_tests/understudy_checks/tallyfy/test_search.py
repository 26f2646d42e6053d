"""Tallyfy: the search by names."""

from __future__ import annotations

from understudy_checks.measurements import skip_unless
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import Json, Organization, first_organization
from understudy_checks.target.target import Target
from understudy_checks.wording import show

KINDS = {"blueprint": ("/checklists", "title"), "process": ("/runs", "name"), "task": ("/tasks", "title")}


def found(org: Organization, text: str, on: str, **query: object) -> Json:
    """The whole answer to a search."""
    return org.get_body("/search", search=text, on=on, **query)


@rule("tallyfy.search.found", "tallyfy.search.kinds")
def test_a_search_finds_by_name(target: Target) -> None:
    """Each kind finds exactly what has the text in its name, under its own member of the answer."""
    with target.open() as client:
        org = first_organization(client)
        for kind, (path, member) in KINDS.items():
            everything = org.list_all(path)
            skip_unless(everything, f"{path} lists nothing on this target")
            for text in (everything[-1][member].upper(), everything[0][member].partition(" ")[0], "nowhere at all"):
                wanted = sorted(one["id"] for one in everything if text.lower() in one[member].lower())
                body = found(org, text, kind, per_page=100)
                assert list(body) == [kind], f"a search for {kind} must answer that alone, not {show(list(body))}"
                got = sorted(one["id"] for one in body[kind]["data"])
                assert len(wanted) > 100 or got == wanted, f"{show(text)} must find {show(wanted)}, not {show(got)}"
        several = found(org, "a", "blueprint,task,snippet")
        assert sorted(several) == ["blueprint", "snippet", "task"], f"each kind must be there: {show(sorted(several))}"


@rule("tallyfy.search.pages")
def test_a_search_has_pages(target: Target) -> None:
    """The pages of a search hold each thing that is found once, and tell their number."""
    with target.open() as client:
        org = first_organization(client)
        whole = found(org, "e", "task", per_page=7)["task"]
        meta = whole["meta"]["pagination"]
        pages = [found(org, "e", "task", per_page=7, page=page)["task"] for page in range(1, meta["total_pages"] + 1)]
        ids = [one["id"] for page in pages for one in page["data"]]
        assert len(set(ids)) == len(ids) == meta["total"], (
            f"the pages must hold each of {meta['total']} once: {len(ids)}"
        )
        for number, page in enumerate(pages, 1):
            got = {name: page["meta"]["pagination"][name] for name in ("per_page", "current_page", "count")}
            wanted = {"per_page": 7, "current_page": number, "count": len(page["data"])}
            assert got == wanted, f"page {number} must tell {show(wanted)}, not {show(got)}"
            assert len(page["data"]) == 7 or number == len(pages), "every page but the last must be full"
