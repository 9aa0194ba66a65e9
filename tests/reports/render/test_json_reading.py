"""A report read back from its JSON: equal, or every mistake with its place."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import ConfigError
from jipyo.reports.document import Charts, Note, Report, phrase
from jipyo.reports.render.json import build_schema, read_report, to_json
from reports.any_report import any_report
from reports.documents import build_chart, build_figure, build_matrix, build_report, build_scores

REPORT = build_report(
    Note(build_figure(1.5)), build_scores(), build_matrix("○×"), Charts((build_chart([1.0, 2.0]),))
)


@given(any_report())
def test_what_is_written_is_read_back(report: Report) -> None:
    assert to_json(read_report(to_json(report))) == to_json(report)


def test_a_report_without_arrays_is_equal_to_itself_read_back() -> None:
    report = build_report(Note(build_figure(1.5)), build_scores(), build_matrix("○×"))
    assert read_report(to_json(report)) == report


def test_fields_that_have_a_default_may_be_absent() -> None:
    plain = orjson.loads(to_json(REPORT))
    del plain["issue"], plain["issuer"], plain["incomplete"]
    assert to_json(read_report(orjson.dumps(plain))) == to_json(REPORT)


def set_value(plain: Any, path: str, value: object) -> None:
    *outer, last = [int(one) if one.isdigit() else one for one in path.split("/")]
    for one in outer:
        plain = plain[one]
    plain[last] = value


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("number", 5, "number: string expected, not 5"),
        ("made_ms", 1.5, "made_ms: integer expected, not 1.5"),
        ("made_ms", True, "made_ms: integer expected, not True"),
        ("made_ms", 2**63, "made_ms: integer expected, not 9223372036854775808"),
        ("state", "fine", "state: ok | pending | unknown | warning | critical expected,"),
        ("period/first_day", "2026-13-01", "period.first_day: date expected, not '2026-13-01'"),
        ("period/first_day", "20261101", "period.first_day: date expected, not '20261101'"),
        ("period/zone", "Asia/Nowhere", "period.zone: There is no time zone Asia/Nowhere."),
        ("period/zone", "../../etc/passwd", "There is no time zone ../../etc/passwd."),
        ("title/key", "nothing", "title.key: This version has no text nothing."),
        ("title/key", "reports.figure.title", "title.values: coverage is missing"),
        ("issuer/organization", "x", "issuer.organization: There is no such field."),
        ("blocks/0/text/value", "1", "blocks[0].text.value: null, number expected, not '1'"),
        ("blocks/0/type", "notice", "blocks[0]: cover, verdict_box, "),
        ("blocks/1/rows/0/quotient/rounding", "off", "blocks[1].rows[0].quotient.rounding: up | "),
        ("blocks/2/rows/0/cells/0", [], "blocks[2].rows[0].cells[0]: matrix_cell, null expected"),
        ("blocks/3/items/0/lines/0/values", [1, [2]], "lines[0].values: array of numbers expected"),
    ],
)  # fmt: skip
def test_every_mistake_is_named_with_its_place(path: str, value: object, text: str) -> None:
    plain = orjson.loads(to_json(REPORT))
    set_value(plain, path, value)

    with pytest.raises(ConfigError) as caught:
        read_report(orjson.dumps(plain), "r.json")

    errors = [texts("en").error(one) for one in caught.value.mistakes]
    assert any(text in error for error in errors), errors
    assert all(error.startswith("r.json: ") for error in errors)
    assert all(texts(lang).error(caught.value) for lang in LANGS)


def test_all_mistakes_are_found_at_once() -> None:
    plain = orjson.loads(to_json(REPORT))
    del plain["kind"], plain["period"]["zone"]
    plain["statee"] = "ok"

    with pytest.raises(ConfigError) as caught:
        read_report(orjson.dumps(plain))

    assert sorted(str(one.values["path"]) for one in caught.value.mistakes) == [
        "kind", "period.zone", "statee",
    ]  # fmt: skip
    assert "Did you mean state?" in texts("en").error(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"null", b'{"type": "report"}', b"\xff"])
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigError):
        read_report(content)


def test_values_nested_without_end_are_refused() -> None:
    plain = orjson.loads(to_json(build_report(Note("x"))))
    text: object = "x"
    for _ in range(120):
        text = {"type": "joined", "parts": [text], "by": " "}
    plain["blocks"][0]["text"] = text

    with pytest.raises(ConfigError) as caught:
        read_report(orjson.dumps(plain))

    assert "more than 64 values inside one another" in texts("en").error(caught.value)


def test_a_row_has_as_many_cells_as_the_table_has_columns() -> None:
    table = {"type": "table", "id": "t", "caption": None, "columns": [], "rows": [["x"]]}
    plain = orjson.loads(to_json(build_report()))
    plain["blocks"] = [{**table, "wide": False, "totals": []}]

    with pytest.raises(ConfigError) as caught:
        read_report(orjson.dumps(plain))

    assert "blocks[0].rows[0]: array(0) expected" in texts("en").error(caught.value)


def test_words_for_the_period_are_no_values_of_a_phrase() -> None:
    report = build_report(Note(phrase("reports.verdict.no_data")))
    assert read_report(to_json(report)) == report


def test_a_phrase_keeps_its_values() -> None:
    text = phrase("reports.point")
    assert read_report(to_json(build_report(Note(text)))).blocks == (Note(text),)


def test_the_schema_describes_every_class_that_a_report_can_hold() -> None:
    defs = build_schema()["$defs"]
    assert {"report", "figure", "table", "score_sheet", "phrase", "period"} <= defs.keys()
    assert defs["figure"]["required"][:3] == ["type", "metric", "value"]
    assert "estimated" not in defs["figure"]["required"]
    assert all(one["description"] for one in defs.values())
