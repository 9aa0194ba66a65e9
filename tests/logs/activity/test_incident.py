"""Which values of which fields differ in an incident's window."""

from __future__ import annotations

from jipyo.logs.activity.incident import FIELDS, compare_windows
from jipyo.logs.comparison import ChangeKind
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import LogQuery
from support.log_batches import SECOND, START_NS, make_batch

HOUR = 3600 * SECOND


def query(start_ns: int, end_ns: int) -> LogQuery:
    return LogQuery(start_ns=START_NS + start_ns, end_ns=START_NS + end_ns)


def test_the_host_and_the_level_of_an_incident_are_found() -> None:
    calm: list[dict[str, object]] = [{"t": t * 36, "host.name": "a"} for t in range(100)]
    storm: list[dict[str, object]] = [
        {"t": 3600 + t, "host.name": "b", "level": "ERROR"} for t in range(60)
    ]
    usual: list[dict[str, object]] = [{"t": 3600 + t * 36, "host.name": "a"} for t in range(100)]
    source = BatchLogSource(
        [make_batch("web", calm), make_batch("web", usual), make_batch("gpu", storm)]
    )
    found = compare_windows(source, query(HOUR, 2 * HOUR), query(0, HOUR))
    changes = {
        (each.field, change.value): change.kind
        for each in found
        if each.comparison
        for change in each.comparison.changes
    }
    assert changes == {
        ("host.name", "b"): ChangeKind.NEW,
        ("level", "error"): ChangeKind.NEW,
        ("service", "gpu"): ChangeKind.NEW,
    }
    assert {(each.field, each.records) for each in found} == {
        ("service", 160),
        ("level", 160),
        ("host.name", 160),
    }
    assert "error.type" in FIELDS  # no record has it, so nothing is said of it


def test_a_field_with_a_value_for_each_record_is_not_compared() -> None:
    rows: list[dict[str, object]] = [{"t": n, "user.name": f"u{n}"} for n in range(1500)]
    source = BatchLogSource([make_batch("web", rows)])
    (found,) = compare_windows(source, query(0, HOUR), query(-HOUR, 0), fields=("user.name",))
    assert found.comparison is None
    assert (found.records, found.baseline_records) == (1500, 0)
