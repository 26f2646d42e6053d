"""Records that go on by themselves, inferred from their states, as requests see them while the world's time passes."""

from __future__ import annotations

from typing import Any

from own_document import FOLDER, Served, served
from understudy.document.infer import infer
from understudy.document.open_world import read_own

NAME = "job-states"


def client(**assume: Any) -> Served:
    """The document with job states, served; how each resource goes on is given by its name."""
    return served(
        FOLDER / f"traits/{NAME}.yaml", assume={f"{NAME}.{name}.progress": one for name, one in assume.items()}
    )


def made(api: Served, path: str) -> str:
    """The path of a new record, the state of which is not started."""
    return f"{path}/{api.send('POST', path, {'title': 't'}).json()['id']}"


def states(api: Served, path: str, *, seconds: int, times: int) -> list[str]:
    """The state of a record now, and each time after so many seconds."""
    seen = []
    for number in range(times):
        if number:
            assert api.send("POST", "/__mock__/clock/advance", {"seconds": seconds}).status == 200
        record = api.get(path).json()
        seen.append(record.get("status") or record["state"])
    return seen


def test_a_job_that_is_started_goes_on_by_the_clock() -> None:
    """It waits until then; and ends by itself, for good."""
    api = client()
    job = made(api, "/jobs")
    assert states(api, job, seconds=60, times=2) == ["created", "created"]
    assert api.send("POST", f"{job}/results").status == 202
    assert states(api, job, seconds=1, times=4) == ["queued", "running", "finished", "finished"]


def test_a_job_can_be_stopped_on_its_way() -> None:
    """It goes on no more."""
    api = client()
    job = made(api, "/jobs")
    api.send("POST", f"{job}/results")
    assert api.send("DELETE", f"{job}/results").status == 204
    assert states(api, job, seconds=60, times=2) == ["canceled", "canceled"]


def test_a_job_that_nobody_starts_goes_on_from_its_creation() -> None:
    """Without a state of work it ends at once."""
    api = client()
    assert states(api, made(api, "/exports"), seconds=1, times=2) == ["pending", "done"]


def test_a_world_may_end_jobs_at_once() -> None:
    """The answer to the creation, and to the start, shows so."""
    api = client(jobs=0, exports=0)
    assert api.send("POST", "/exports", {}).json()["state"] == "done"
    job = made(api, "/jobs")
    assert states(api, job, seconds=1, times=2) == ["created", "created"]
    api.send("POST", f"{job}/results")
    assert states(api, job, seconds=1, times=1) == ["finished"]


def test_a_world_may_leave_jobs_as_they_are() -> None:
    """However much time passes."""
    api = client(jobs="never", exports="never")
    assert states(api, made(api, "/exports"), seconds=10_000, times=2) == ["pending", "pending"]


def test_a_record_whose_state_requests_say_is_no_job() -> None:
    """What people do is not done by itself."""
    found = infer(read_own(FOLDER / f"traits/{NAME}.yaml").document, NAME).inferences
    jobs = [one.id for one in found if one.kind == "progress"]
    assert jobs == [f"{NAME}.jobs.progress", f"{NAME}.exports.progress"]
    api = client()
    first, last = states(api, made(api, "/todos"), seconds=60, times=2)
    assert first == last
