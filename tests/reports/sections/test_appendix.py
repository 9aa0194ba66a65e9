"""The appendix: every figure of the first page has its source, every metric its definition."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.shaped import levels
from jipyo.catalogue import Catalogue
from jipyo.reports.document import (
    Block,
    Code,
    Day,
    Duration,
    Heading,
    Joined,
    Moment,
    Note,
    Phrase,
    Quantity,
    Share,
    Table,
    phrase,
)
from jipyo.reports.sections.appendix import (
    build_definition_table,
    build_definitions,
    build_method,
    build_series,
    build_source_table,
    build_sources,
    hash_catalogue,
)
from reports.documents import DAY, HOUR, MINUTE, START, build_figure
from reports.summaries import build_data, build_entry, build_metric, shape_day

CATALOGUE = Catalogue((build_metric(),))


def list_headings(blocks: list[Block]) -> list[str]:
    return [block.id for block in blocks if isinstance(block, Heading)]


def build(first_page: list[Block], *series: str) -> list[Block]:
    rows = {name: shape_day() for name in series}
    data = build_data(build_entry(series=rows)) if series else build_data()
    return [
        *build_series(data),
        *build_sources(data, first_page, CATALOGUE),
        *build_definitions(data),
        *build_method(data),
    ]


def test_parts_without_content_are_left_out() -> None:
    assert list_headings(build([])) == ["sources", "method"]
    figure = replace(build_figure(1.0), start_ms=START, end_ms=START + HOUR)
    assert list_headings(build([Note(figure)], "a", "b")) == [
        "series", "sources", "definitions", "method",
    ]  # fmt: skip
    assert list_headings(build([Note(build_figure(None))], "a")) == [
        "sources", "definitions", "method",
    ]  # fmt: skip


def test_a_figure_that_is_shown_twice_has_one_source() -> None:
    figure = replace(build_figure(1.0), start_ms=START)
    blocks = build([Note(figure), Note(Joined((figure, figure)))], "a")
    (table,) = (block for block in blocks if isinstance(block, Table) and block.id == "sources")
    assert len(table.rows) == 1


def test_a_source_says_how_a_figure_was_computed_and_from_what() -> None:
    of = build_metric()
    figure = replace(
        build_figure(5.0), metric=of.id, start_ms=START, end_ms=START + HOUR, samples=60,
        coverage=0.5, expr="rate(x[5m])",
    )  # fmt: skip
    (row,) = build_source_table([figure], build_data(build_entry()), {of.id: of.name}).rows
    name, shown, how, window, samples, coverage, query = row
    assert (name, shown) == (of.name, figure)
    assert how == phrase("reports.how.average")
    assert window == phrase("reports.sources.window", start=Moment(START), end=Moment(START + HOUR))
    assert (samples, coverage, query) == (
        Quantity(60, "count"), Share(0.5), Code("rate(x[5m])"),
    )  # fmt: skip


def test_a_figure_of_an_earlier_day_says_which_day_and_one_of_no_metric_its_series() -> None:
    figure = replace(build_figure(5.0), start_ms=START - 7 * 24 * HOUR, series='up{job="a"}')
    (row,) = build_source_table([figure], build_data(build_entry()), {}).rows
    assert row[0] == 'up{job="a"}'
    assert row[3] == Day(DAY.replace(day=DAY.day - 7))


@pytest.mark.parametrize(
    ("thresholds", "lines"),
    [
        (None, None),
        (
            levels(70, 85, minutes=5),
            ["threshold.warning", "threshold.critical", "definitions.for", "origin.specification"],
        ),
        (levels(70, None), ["threshold.warning", "origin.specification"]),
        (levels(None, 85), ["threshold.critical", "origin.specification"]),
    ],
)
def test_a_definition_has_the_thresholds_their_duration_and_who_set_them(
    thresholds: object, lines: list[str] | None
) -> None:
    entry = build_entry(build_metric(thresholds=thresholds))
    (row,) = build_definition_table([entry]).rows
    definition, shown, queries = row
    assert definition == phrase(
        "reports.definitions.metric", name=entry.metric.name, description=entry.metric.description
    )
    if lines is None:
        assert shown is None
    else:
        assert isinstance(shown, Joined)
        keys = [part.key for part in shown.parts if isinstance(part, Phrase)]
        assert keys == [f"reports.{line}" for line in lines]
    assert queries == Joined(
        (phrase("reports.definitions.query", exporter="node_exporter", query=Code("cpu")),), "\n"
    )


def test_the_duration_of_an_alert_is_shown_as_a_length_of_time() -> None:
    (row,) = build_definition_table([build_entry()]).rows
    assert isinstance(row[1], Joined)
    assert row[1].parts[2] == phrase("reports.definitions.for", span=Duration(5 * MINUTE))


def test_the_sources_end_with_the_catalogue_that_the_report_was_made_with() -> None:
    last = list(build_sources(build_data(), [], CATALOGUE))[-1]
    assert isinstance(last, Note)
    assert last.text == phrase(
        "reports.method.catalogue", n=1, hash=Code(hash_catalogue(CATALOGUE))
    )


def test_the_hash_changes_with_what_a_metric_says_and_not_with_where_it_was_read() -> None:
    (of,) = CATALOGUE.metrics
    moved = Catalogue((replace(of, where="elsewhere.yaml:9"),))
    other = Catalogue((replace(of, required=not of.required),))
    assert hash_catalogue(CATALOGUE) == hash_catalogue(moved) != hash_catalogue(other)
    assert len(hash_catalogue(Catalogue(()))) == 64
