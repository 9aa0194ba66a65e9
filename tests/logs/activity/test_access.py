"""The monthly review of access records, each finding by a plain example or a plain reference."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.activity.access import AccessFinding, AccessReview, AccessRules, review_access
from jipyo.logs.activity.access_records import gather_access
from support.log_batches import SECOND, START_NS, make_batch

SEOUL = ZoneInfo("Asia/Seoul")
HOUR = 3600
MORNING = 10 * HOUR + 46 * 60 + 40
"""After START_NS, which is Monday 23:13:20 in Seoul: Tuesday 10:00."""


def access(
    t: float, account: str | None = "kim", ip: str | None = "10.0.0.1", **rest: Any
) -> dict[str, Any]:
    row = {
        "t": t,
        "user.name": account,
        "client.ip": ip,
        "event.action": rest.get("action", "view"),
    }
    row["user.target.id"] = rest.get("subject", "c1")
    row["http.response.body.bytes"] = rest.get("size", 100)
    row["http.response.status_code"] = rest.get("status", 200)
    return row


def review(rows: list[dict[str, Any]], **rules: Any) -> AccessReview:
    half = len(rows) // 2
    batches = [make_batch("crm", rows[:half]), make_batch("hr", rows[half:])]
    return review_access(gather_access(batches), AccessRules(**rules), SEOUL)


def find(rows: list[dict[str, Any]], kind: str, **rules: Any) -> dict[str, int]:
    found = review(rows, **rules).findings
    return {each.account.decode(): each.records for each in found if each.kind == kind}


@pytest.mark.parametrize(("hours", "kind"), [
    (0, ""), (8.9, ""), (9, "off_hours"), (22, ""), (-2, ""), (-2.1, "off_hours"),
    (3 * 24, ""), (4 * 24, "day_off"), (4 * 24 + 10, "day_off"), (5 * 24, "day_off"), (6 * 24, ""),
])  # fmt: skip
def test_times_outside_work(hours: float, kind: str) -> None:
    rows = [access(MORNING + hours * HOUR)]
    assert [each.kind for each in review(rows).findings] == ([kind] if kind else [])


def test_holidays_are_days_off() -> None:
    rows = [access(MORNING)]
    assert find(rows, "day_off", holidays=frozenset({date(2026, 9, 22)})) == {"kim": 1}


def test_downloads_in_bulk_are_many_or_large_on_one_day() -> None:
    many = [access(MORNING + n, "kim", action="다운로드") for n in range(10)]
    few = [
        access(MORNING + n * 24 * HOUR, "lee", action="export") for n in range(3) for _ in range(9)
    ]
    large = [access(MORNING, "park", action="download", size=60_000_000)] * 2
    failed = [access(MORNING, "choi", action="download", status=403)] * 20
    rows = [*many, *few, *large, *failed]
    assert find(rows, "bulk_download") == {"kim": 10, "park": 2}
    assert review(rows).downloads == 10 + 27 + 2


def test_addresses_are_new_when_they_were_not_known() -> None:
    rows = [
        access(MORNING),
        access(MORNING, ip="10.0.0.2"),
        access(MORNING, "lee"),
        access(MORNING, None),
    ]
    assert find(rows, "new_address") == {}
    assert find(rows, "new_address", known=frozenset({(b"kim", b"10.0.0.1")})) == {
        "kim": 1,
        "lee": 1,
    }


def test_logins_that_fail_often_on_one_day_are_found() -> None:
    rows = [access(MORNING, "kim", action="login", status=401) for _ in range(5)]
    rows += [access(MORNING, "lee", action="login", status=401) for _ in range(4)]
    rows += [access(MORNING, "park", action="view", status=401) for _ in range(9)]
    assert find(rows, "failed_login") == {"kim": 5}
    outcome = [{**access(MORNING, action="로그인"), "event.outcome": "failure"}] * 5
    assert find(outcome, "failed_login") == {"kim": 5}


def test_an_account_is_shared_when_addresses_alternate() -> None:
    shared = [access(MORNING + n * 60, ip=f"10.0.0.{n % 2}") for n in range(4)]
    moved = [access(MORNING + n * 60, "lee", ip=f"10.0.0.{n // 2}") for n in range(4)]
    slow = [access(MORNING + n * 3600, "park", ip=f"10.0.0.{n % 2}") for n in range(4)]
    assert find([*shared, *moved, *slow], "shared_account") == {"kim": 4}
    finding = next(f for f in review(shared).findings if f.kind == "shared_account")
    assert finding == AccessFinding(
        kind="shared_account",
        account=b"kim",
        records=4,
        first_ns=START_NS + MORNING * SECOND,
        last_ns=START_NS + (MORNING + 180) * SECOND,
        addresses=(b"10.0.0.0", b"10.0.0.1"),
    )


def list_shared_plainly(rows: list[dict[str, Any]], within_s: float) -> set[int]:
    """Records between two of the same account and address, with one of another between."""
    found = set()
    for first, a in enumerate(rows):
        for last in range(first + 1, len(rows)):
            b = rows[last]
            own = [n for n in range(first, last + 1) if rows[n]["user.name"] == a["user.name"]]
            same = (a["user.name"], a["client.ip"]) == (b["user.name"], b["client.ip"])
            between = [rows[n]["client.ip"] for n in own[1:-1]]
            if same and a["client.ip"] not in between and between and b["t"] - a["t"] <= within_s:
                found.update(own)
    return found


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("xy"), st.sampled_from("123")), max_size=20
    )
)
def test_shared_accounts_are_those_of_the_plain_reference(some) -> None:
    rows = [
        access(MORNING + t * 60, account, ip) for t, account, ip in sorted(some, key=lambda x: x[0])
    ]
    plain = list_shared_plainly(rows, 600)
    expected = {name: sum(rows[n]["user.name"] == name for n in plain) for name in "xy"}
    assert find(rows, "shared_account") == {name: n for name, n in expected.items() if n}


def test_the_count_equals_the_log_and_says_what_records_lack() -> None:
    rows = [
        access(MORNING), access(MORNING + 5, None, None, subject=None, action=None),
        access(MORNING + 9, "lee", "-", subject="-"),
    ]  # fmt: skip
    found = review(rows)
    assert (found.records, found.accounts, found.addresses) == (3, 2, 1)
    assert found.lacking == {"account": 1, "address": 2, "data_subject": 2, "action": 1}
    assert found.oldest_ns == START_NS + MORNING * SECOND
    assert found.newest_ns == START_NS + (MORNING + 9) * SECOND


def test_a_month_without_records_says_so() -> None:
    found = review([])
    assert (found.records, found.oldest_ns, found.findings) == (0, None, ())
