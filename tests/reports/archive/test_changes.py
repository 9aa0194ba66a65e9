"""What differs between two reports is found wherever it stands, and named by its place."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import ConfigError
from jipyo.reports.archive.changes import compare_reports
from jipyo.reports.archive.changes_section import LISTED, build_changes
from jipyo.reports.document import (
    Charts,
    ColumnHead,
    Heading,
    Inline,
    Note,
    Report,
    Subject,
    Table,
    VerdictBox,
    phrase,
)
from jipyo.reports.render.json import read_report, to_json
from jipyo.reports.wording import Localizer
from reports.any_report import any_report
from reports.documents import build_chart, build_figure, build_matrix, build_report, build_scores


def build_table(*rows: tuple[Inline, ...]) -> Table:
    names = ("place", "before", "after")
    columns = tuple(ColumnHead(phrase(f"archive.changes.{one}"), numeric=False) for one in names)
    return Table("t", "caption", columns[: len(rows[0])], rows)


def describe(before: Report, after: Report) -> list[str]:
    localizer = Localizer.for_period(after.period, "en")
    return [
        f"{' / '.join(map(localizer.format, one.place))}: "
        f"{localizer.format(one.before)} -> {localizer.format(one.after)}"
        for one in compare_reports(before, after)
    ]


FIGURE = build_figure(1.5)
CPU = Subject(Bilingual("CPU", "CPU"), "a")
RICH = build_report(
    VerdictBox(State.OK, "fine", ("one", "two")),
    Heading("cpu", "CPU"),
    build_table((CPU, FIGURE, None), ("memory", 3, "x")),
    Charts((build_chart([1.0, 2.0, float("nan")], names=["a"]),)),
    Heading("sheets", "Sheets"),
    build_scores(),
    build_matrix("○×"),
    Note("text", State.WARNING),
)


def with_table(*rows: tuple[Inline, ...]) -> Report:
    return build_report(Heading("s", "Section"), build_table(*rows))


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ((CPU, FIGURE), (CPU, FIGURE), []),
        ((CPU, FIGURE), (CPU, build_figure(2.5)), ["Section / CPU a / Before: 1.5% -> 2.5%"]),
        ((CPU, FIGURE), (CPU, build_figure(None)), ["Section / CPU a / Before: 1.5% -> –"]),
        (
            (CPU, FIGURE), (CPU, replace(FIGURE, expr="other")),
            ["Section / CPU a / Before / expr: m -> other"],
        ),
        (
            (CPU, FIGURE), (CPU, replace(FIGURE, coverage=0.5, samples=30)),
            ["Section / CPU a / Before / samples, coverage: 60 -> 30"],
        ),
        (
            ("a", 1), ("b", 1),
            ["Section / b / What: – -> b", "Section / b / Before: – -> 1",
             "Section / a / What: a -> –", "Section / a / Before: 1 -> –"],
        ),
    ],
)  # fmt: skip
def test_a_change_of_a_table_is_named_by_its_row_and_column(
    before: tuple[Inline, ...], after: tuple[Inline, ...], changes: list[str]
) -> None:
    assert describe(with_table(before), with_table(after)) == changes


def test_a_row_more_does_not_make_the_others_differ() -> None:
    before, after = with_table(("a", 1), ("c", 3)), with_table(("a", 1), ("b", 2), ("c", 3))
    assert describe(before, after) == [
        "Section / b / What: – -> b", "Section / b / Before: – -> 2",
    ]  # fmt: skip


def test_rows_in_another_order_are_noticed() -> None:
    before, after = with_table(("a", 1), ("b", 2)), with_table(("b", 2), ("a", 1))
    assert describe(before, after) == ["Order of the contents: – -> –"]


def test_how_many_values_of_a_chart_differ_is_said() -> None:
    before, after = (
        build_report(Charts((build_chart(values, names=["a"]),)))
        for values in ([1.0, np.nan, 3.0], [1.0, 2.0, np.nan])
    )
    assert describe(before, after) == [
        "First page / Response time / a / values: – -> 2 of 3 values differ"
    ]


def test_when_and_by_whom_a_report_was_made_is_not_content() -> None:
    other = replace(RICH, made_ms=0, issue=4, issuer=replace(RICH.issuer, organisation="other"))
    assert compare_reports(RICH, other) == ()
    assert describe(RICH, replace(RICH, catalogue="1" * 64))[0].startswith("catalogue: 0000")


def find_slots(plain: Any) -> list[tuple[Any, Any]]:
    """Every place of a value that is neither an object nor a list."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain)
    return [
        slot
        for key, value in list(inside)
        for slot in (find_slots(value) if isinstance(value, dict | list) else [(plain, key)])
        if key != "type"
    ]


def change(value: object, draw: random.Random) -> object:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + draw.choice((1, -1, 0.25 if isinstance(value, float) else 2))
        case None:
            return draw.random()
        case _:
            return f"{value}x"


def test_every_single_changed_value_is_found() -> None:
    draw, found, skipped = random.Random(18), 0, 0
    blocks = orjson.loads(to_json(RICH))["blocks"]
    for at in range(len(find_slots(blocks))):
        plain = orjson.loads(to_json(RICH))
        container, key = find_slots(plain["blocks"])[at]
        container[key] = change(container[key], draw)
        try:
            changed = read_report(orjson.dumps(plain))
        except ConfigError:  # what cannot be read is found in another way
            skipped += 1
            continue
        assert compare_reports(RICH, changed), (container, key)
        found += 1
    assert found > 3 * skipped


def write_content(report: Report) -> bytes:
    """What two reports of the same content share, written out."""
    plain = orjson.loads(to_json(replace(report, made_ms=0, issue=0)))
    for container, _ in find_slots(plain):
        if isinstance(container, dict) and container["type"] == "cover":
            container.update(issue=None, made=None)
    return orjson.dumps({**plain, "issuer": None, "look": None})


@given(any_report(), any_report())
def test_two_reports_differ_where_their_json_differs(one: Report, other: Report) -> None:
    assert bool(compare_reports(one, other)) == (write_content(one) != write_content(other))
    assert compare_reports(one, one) == ()


@pytest.mark.parametrize("lang", LANGS)
def test_the_list_of_changes_is_as_long_as_a_reader_can_bear(lang: str) -> None:
    before = with_table(*((f"row {at}", at) for at in range(300)))
    after = with_table(*((f"row {at}", at + 1) for at in range(300)))
    heading, table, note = build_changes(compare_reports(before, after), 1)
    assert isinstance(heading, Heading)
    assert isinstance(table, Table)
    assert len(table.rows) == LISTED
    assert isinstance(note, Note)
    localizer = Localizer.for_period(before.period, lang)  # type: ignore[arg-type]
    assert "100" in localizer.format(note.text)
