"""A report as JSON: every class names itself, numbers that JSON lacks are written as text."""

from __future__ import annotations

import math

import numpy as np
import orjson
import pytest

from jipyo.analysis.thresholds import State
from jipyo.model.bilingual import Bilingual
from jipyo.reports.document import (
    Block,
    Charts,
    HeatMap,
    Inline,
    Moment,
    Note,
    Quantity,
    VerdictBox,
    phrase,
)
from jipyo.reports.render.json import to_json
from reports.documents import build_chart, build_report


def read_block(block: Block) -> dict[str, object]:
    (plain,) = orjson.loads(to_json(build_report(block)))["blocks"]
    assert isinstance(plain, dict)
    return plain


def test_a_report_begins_with_what_it_is() -> None:
    report = orjson.loads(to_json(build_report()))
    assert list(report)[:4] == ["type", "kind", "number", "title"]
    assert (report["type"], report["kind"], report["state"]) == ("report", "daily", "ok")
    assert report["period"]["first_day"] == "2026-11-21"
    assert report["blocks"] == []


@pytest.mark.parametrize(
    ("value", "plain"),
    [(math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, None), (1.5, 1.5), (-0.0, -0.0)],
)
def test_numbers_are_written_as_prometheus_writes_them(value: float, plain: object) -> None:
    block = read_block(Note(Quantity(value, "seconds")))
    expected = {"type": "quantity", "value": plain, "unit": "seconds", "decimals": None}
    assert block["text"] == expected


@pytest.mark.parametrize(
    ("part", "plain"),
    [
        (None, None),
        ("text", "text"),
        (7, 7),
        (
            Moment(5),
            {"type": "moment", "t_ms": 5, "dated": False, "to_the_second": False, "of_day": None},
        ),
        (Bilingual("가", "a"), {"type": "bilingual", "ko": "가", "en": "a"}),
        (phrase("k", n=1), {"type": "phrase", "key": "k", "values": [["n", 1]]}),
    ],
)
def test_inline_parts_name_their_type(part: Inline, plain: object) -> None:
    assert read_block(Note(part))["text"] == plain


def test_types_are_in_snake_case_and_states_by_their_name() -> None:
    block = read_block(VerdictBox(State.CRITICAL, "x", ()))
    assert block == {
        "type": "verdict_box",
        "state": "critical",
        "text": "x",
        "details": [],
        "word": None,
        "score": None,
    }


def test_arrays_are_lists_of_any_depth() -> None:
    heat = HeatMap(Bilingual("가", "a"), "percent", ("r",), (0,), np.array([[math.nan]]), 0.0, 1.0)
    assert read_block(heat)["values"] == [[None]]
    charts = read_block(Charts((build_chart([1.0, math.nan]),)))
    line = {"type": "chart_line", "name": "", "values": [1.0, None]}
    assert isinstance(charts["items"], list)
    assert charts["items"][0]["lines"] == [line]
