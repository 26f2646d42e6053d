"""NextStep whose keys of one team do not read the same."""

from __future__ import annotations

from contract_tests.mutants import mutant, stepped
from mock_server.api import Api, Call, Problem
from mock_server.exchange import Response


@mutant("nextstep.authentication.keys-of-a-team-share")
def only_the_first_key_reads(api: Api) -> Api:
    """Only the first key of a team reads; every other one gets 403."""

    def authenticate(call: Call) -> Response | None:
        answer = api.steps.authenticate(call)
        first = next(c for c in call.world.credentials.values() if c.tenant == call.credential.tenant)
        if call.request.method == "GET" and call.credential != first:
            raise Problem("forbidden")
        return answer

    return stepped(api, authenticate=authenticate)
