"""Tests of the integration, with the plugin's fixture."""

from contextlib import closing

import pytest
from onboarding import GaveUp, Onboarding, Refused

TEMPLATE = "Parental Leave"  # three tasks


@pytest.fixture
def client(nextstep):
    """The integration, in a fresh world; when it waits, the world's clock goes on."""
    nextstep.clock.drive()
    with closing(Onboarding(nextstep.base_url, nextstep.api_key)) as client:
        yield client


def test_an_onboarding_is_started_and_finished(client, nextstep):
    """All its tasks are done then, and so is the run."""
    run = client.start(TEMPLATE, "Jane")
    assert nextstep.state["runs"][run.id]["status"] == "active"
    assert client.finish(run) == 3
    assert nextstep.state["runs"][run.id]["status"] == "completed"
    assert nextstep.calls("updateRunTask").statuses == [200, 200, 200]


def test_every_page_is_read(client, nextstep):
    """As many titles as there are records, over several pages."""
    known = nextstep.state["runs"].find(status="active")
    assert sorted(client.titles("active")) == sorted(run["title"] for run in known)
    assert len(nextstep.calls("listProcessRuns")) > 1


def test_an_outage_is_waited_out(client, nextstep):
    """Half a second, a second: the third attempt succeeds, and every task is completed once."""
    run, begin = client.start(TEMPLATE, "Jane"), nextstep.clock.now
    nextstep.faults.add("updateRunTask", status=503, times=2)
    client.finish(run)
    assert nextstep.calls("updateRunTask").statuses == [503, 503, 200, 200, 200]
    assert (nextstep.clock.now - begin).total_seconds() >= 1.5


@pytest.mark.understudy(faults=[{"operation": "listProcessTemplates", "status": 500}])
def test_an_outage_without_an_end_is_told(client, nextstep):
    """After five attempts."""
    with pytest.raises(GaveUp, match="failed 5 times"):
        client.start(TEMPLATE, "Jane")
    assert len(nextstep.calls()) == 5


def test_the_rate_limit_is_kept(client, nextstep):
    """More requests than a minute allows: the client waits as long as it is told, and loses none."""
    found = [len(client.titles("completed")) for _ in range(40)]
    assert len(set(found)) == 1
    assert 429 in nextstep.calls().statuses


def test_nobody_finishes_an_onboarding(client):
    """An hour later the client gives up; the test does not wait."""
    with pytest.raises(GaveUp, match="not over after 3600 seconds"):
        client.wait(client.start(TEMPLATE, "Jane"), timeout=3600)


def test_a_run_that_is_over_is_not_waited_for(client, nextstep):
    """It is looked at once."""
    run = client.start(TEMPLATE, "Jane")
    client.finish(run)
    client.wait(run, timeout=3600)
    assert len(nextstep.calls("getProcessRun")) == 1


def test_a_refusal_is_told_in_the_services_words(client, nextstep):
    """Whether the service says it, or the client."""
    with pytest.raises(Refused, match="there is no template Juggling"):
        client.start("Juggling", "Jane")
    nextstep.event("lapse-subscription")
    with pytest.raises(Refused, match="subscription"):
        client.titles("active")
