"""Issues computed again on request: equal, different, failed, each with its words, and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.publishing.making import DIES, FAILS, HANGS, VERIFIES, build_verification
from jipyo.alerts.store import AlertStore
from jipyo.app.publishing.jobs import ReportJobs
from jipyo.app.publishing.pages import describe_verification
from jipyo.app.publishing.verifications import Verifications
from jipyo.app.verification_records import (
    STEPS,
    VerificationRequest,
    VerifiedIssue,
    read_verification,
    save_verification,
)
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import ReportError
from support.clock import WaitingClock
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NUMBER = "IT-2026-12"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore.open(tmp_path, STEPS)
    yield opened
    opened.close()


def verify(store: AlertStore, command: Sequence[str], issue: int = 1) -> VerificationRequest:
    verifications = Verifications(ReportJobs(command), store, WaitingClock(5))
    verifications.add(build_verification(issue))

    def find() -> VerificationRequest | None:
        found = verifications.find(NUMBER, issue)
        return found if found is not None and not found.is_open else None

    wait_until(find, 60)
    verifications.stop()
    found = find()
    assert found is not None
    return found


def restart(store: AlertStore) -> Verifications:
    """What a server has right after its start."""
    return Verifications(ReportJobs(HANGS), store, WaitingClock(5))


@pytest.mark.parametrize(
    ("issue", "is_equal", "text"),
    [(1, True, "9 figures recomputed equal"), (3, False, "2 of 9 figures differ when recomputed")],
)
def test_an_issue_is_computed_again_in_a_process_of_its_own(
    store: AlertStore, issue: int, is_equal: bool, text: str
) -> None:
    found = verify(store, VERIFIES, issue)
    info = describe_verification(found, texts("en"))
    assert (info.state, info.is_equal, info.text) == ("done", is_equal, text)
    kept = restart(store).find(NUMBER, issue)
    assert kept is not None
    assert describe_verification(kept, texts("en")) == replace(info, done=0, total=None)


@pytest.mark.parametrize("command", [FAILS, DIES])
def test_a_failure_is_kept_with_its_reason(store: AlertStore, command: Sequence[str]) -> None:
    found = verify(store, command)
    info = describe_verification(found, texts("ko"))
    assert (info.state, info.is_equal) == ("failed", None)
    assert info.text
    kept = restart(store).find(NUMBER, 1)
    assert kept == replace(found, done=0, total=None)


def test_what_the_stop_of_the_server_interrupts_leaves_the_last_outcome(store: AlertStore) -> None:
    before = verify(store, VERIFIES)
    jobs = ReportJobs(HANGS)
    verifications = Verifications(jobs, store, WaitingClock(5))
    verifications.add(build_verification())
    wait_until(lambda: jobs.is_running, 60)
    jobs.stop()
    verifications.stop()
    assert restart(store).find(NUMBER, 1) == replace(before, done=0, total=None)


def test_an_outcome_that_cannot_be_written_down_is_shown_and_logged(
    store: AlertStore, caplog: pytest.LogCaptureFixture
) -> None:
    with store.transaction() as db:
        db.execute("PRAGMA query_only = ON")
    assert verify(store, VERIFIES).state == "done"
    assert "is forgotten at a restart" in caplog.text
    assert restart(store).find(NUMBER, 1) is None


def test_the_last_outcome_replaces_the_one_before_and_the_oldest_are_forgotten(
    store: AlertStore,
) -> None:
    with store.transaction() as db:
        for issue in range(1, 1003):
            save_verification(db, build_outcome(issue, different=0))
        save_verification(db, replace(build_outcome(1002, different=2), t_ms=9999))
    with store.reading() as db:
        kept = [issue for issue in range(1, 1003) if read_verification(db, NUMBER, issue)]
        last = read_verification(db, NUMBER, 1002)
    assert kept == list(range(3, 1003))
    assert last is not None
    assert last.result is not None
    assert last.result.different == 2


def build_outcome(issue: int, different: int) -> VerificationRequest:
    result = VerifiedIssue(
        checked=9, different=different, unverified=0, is_damaged=False, reason=None
    )
    return VerificationRequest(number=NUMBER, issue=issue, state="done", t_ms=issue, result=result)


def test_the_same_issue_is_asked_for_once_and_too_many_are_refused(store: AlertStore) -> None:
    jobs = ReportJobs(HANGS)
    verifications = Verifications(jobs, store, WaitingClock(5))
    first = verifications.add(build_verification(1))
    assert verifications.add(build_verification(1)).t_ms == first.t_ms
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
    request = VerificationRequest(number=NUMBER, issue=1, state="done", result=result)
    info = describe_verification(request, texts("en"))
    assert info.is_equal is False
    assert info.text.splitlines() == [
        "Files of the issue were changed; run jipyo verify.",
        "7 figures cannot be recomputed",
        "a reason",
    ]
