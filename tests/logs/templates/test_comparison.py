"""Templates of two windows: what differs, with its services and times."""

from __future__ import annotations

from jipyo.logs.answer import LogTemplate, LogTemplates
from jipyo.logs.comparison import ChangeKind
from jipyo.logs.templates.comparison import compare_templates
from jipyo.model.errors import JipyoError, LogSourceError


def answer(missing: tuple[JipyoError, ...] = (), **counts: int) -> LogTemplates:
    templates = tuple(
        LogTemplate(id=name, text=name, n=n, by_service={"api": n}, first_ns=1, last_ns=2)
        for name, n in counts.items()
    )
    return LogTemplates(templates=templates, total=sum(counts.values()), missing=missing)


def test_records_without_a_template_are_not_compared_and_what_is_missing_is_named() -> None:
    lost = LogSourceError("x")
    found = compare_templates(answer((lost,), other=900), answer((lost,), other=1), 1.0)
    assert found.changes == ()
    assert found.missing == (lost,)
    assert (found.total, found.baseline_total) == (900, 1)


def test_changes_have_services_and_times() -> None:
    found = compare_templates(answer(a=5), answer(b=500), 1.0).changes
    assert [(one.change.kind, one.template.id, one.change.n) for one in found] == [
        (ChangeKind.NEW, "a", 5),
        (ChangeKind.VANISHED, "b", 0),
    ]
    assert found[1].template.by_service == {"api": 500}
