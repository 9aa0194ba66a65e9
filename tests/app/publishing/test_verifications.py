"""Issues computed again on request: equal, different, failed, each with its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.publishing.making import DIES, FAILS, HANGS, VERIFIES, build_verification
from jipyo.app.publishing.job import VerifiedIssue
from jipyo.app.publishing.jobs import ReportJobs
from jipyo.app.publishing.pages import describe_verification
from jipyo.app.publishing.verifications import VerificationRequest, Verifications
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import ReportError
from support.clock import WaitingClock
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence


def verify(command: Sequence[str], issue: int = 1) -> VerificationRequest:
    verifications = Verifications(ReportJobs(command), WaitingClock(5))
    verifications.add(build_verification(issue))

    def find() -> VerificationRequest | None:
        found = verifications.find("IT-2026-12", issue)
        return found if found is not None and not found.is_open else None

    wait_until(find, 60)
    verifications.stop()
    found = find()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("issue", "is_equal", "text"),
    [(1, True, "9 figures recomputed equal"), (3, False, "2 of 9 figures differ when recomputed")],
)
def test_an_issue_is_computed_again_in_a_process_of_its_own(
    issue: int, is_equal: bool, text: str
) -> None:
    info = describe_verification(verify(VERIFIES, issue), texts("en"))
    assert (info.state, info.is_equal, info.text) == ("done", is_equal, text)


@pytest.mark.parametrize("command", [FAILS, DIES])
def test_a_failure_is_kept_with_its_reason(command: Sequence[str]) -> None:
    info = describe_verification(verify(command), texts("ko"))
    assert (info.state, info.is_equal) == ("failed", None)
    assert info.text


def test_the_same_issue_is_asked_for_once_and_too_many_are_refused() -> None:
    jobs = ReportJobs(HANGS)
    verifications = Verifications(jobs, WaitingClock(5))
    first = verifications.add(build_verification(1))
    assert verifications.add(build_verification(1)).job == first.job
    for issue in range(2, 9):
        verifications.add(build_verification(issue))
    with pytest.raises(ReportError) as caught:
        verifications.add(build_verification(9))
    assert caught.value.key == "publish.too_many"
    wait_until(lambda: jobs.is_running, 60)
    jobs.stop()
    verifications.stop()


def test_what_could_not_be_computed_again_is_never_equal() -> None:
    result = VerifiedIssue(
        checked=7, different=0, unverified=7, is_damaged=True, reason=Bilingual("이유", "a reason")
    )
    request = VerificationRequest(job=build_verification(), state="done", result=result)
    info = describe_verification(request, texts("en"))
    assert info.is_equal is False
    assert info.text.splitlines() == [
        "Files of the issue were changed; run jipyo verify.",
        "7 figures cannot be recomputed",
        "a reason",
    ]
