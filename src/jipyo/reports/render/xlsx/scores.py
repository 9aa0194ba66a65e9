"""A score sheet with live formulas: quotients, points by bands, scores, verdicts, totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jipyo.reports.document import Rounding, ScoreResult
from jipyo.reports.render.scores import RESULT_STATES
from jipyo.reports.render.xlsx.book import FILLS
from jipyo.reports.render.xlsx.cells import CellValue, name_column
from jipyo.sla.wording import name_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.reports.document import ScoreRow, ScoreSheet
    from jipyo.reports.render.xlsx.book import Book

_FIXED = (
    "indicator",
    "how",
    "unit",
    "weight",
    "target",
    "minimum",
    "numerator",
    "denominator",
    "factor",
    "value",
    "points",
    "score",
    "result",
)
_AT = {name: column for column, name in enumerate(_FIXED)}
_LETTER = {name: chr(ord("A") + column) for name, column in _AT.items()}
_ROUND = {Rounding.DOWN: "ROUNDDOWN", Rounding.UP: "ROUNDUP", Rounding.NEAREST: "ROUND"}
_CLEAN = 10
"""Decimals to which a quotient is cleaned of the last bits of its binary form."""


class _Line(NamedTuple):
    """Where a row of the sheet stands, and what it is about."""

    row: ScoreRow
    number: int
    """As formulas name it."""
    bands: int
    """The row of its bands, further down."""

    def cell(self, name: str) -> str:
        return f"{_LETTER[name]}{self.number}"

    @property
    def reaches(self) -> str:
        return ">=" if self.row.higher_is_better else "<="


def write_scores(sheet: ScoreSheet, book: Book) -> None:
    """A row for each indicator, its bands below; people may type what is typed."""
    t = book.localizer.texts
    book.leave_narrow()
    book.write_line(book.localizer.format(sheet.caption))
    first = book.begin_table([t(f"contract.scores.{name}") for name in _FIXED])
    # Below the rows come two totals, an empty row, and the title and the head of the bands.
    shift = len(sheet.rows) + 5
    lines = [
        _Line(row, first + at + 1, first + at + 1 + shift) for at, row in enumerate(sheet.rows)
    ]
    for line in lines:
        _write_row(line, book)
        book.row += 1
    _write_totals(sheet, book, first)
    _colour_results(book, first)
    for name, width in (("indicator", 22), ("how", 34), ("result", 13)):
        book.set_width(range(_AT[name], _AT[name] + 1), width)
    book.row += 3
    _write_bands(lines, book)


def _write_bands(lines: Sequence[_Line], book: Book) -> None:
    """The limits from which on a value brings points, the best first."""
    t = book.localizer.texts
    book.write_line(t("contract.scores.bands"), "heading")
    count = max((len(line.row.bands) for line in lines), default=0)
    headings = [t("contract.scores.indicator"), "", t("contract.scores.otherwise")]
    for n in range(1, count + 1):
        headings += [t("contract.scores.band", n=n), t("contract.scores.band_points")]
    book.begin_table(headings)
    for line in lines:
        assert line.bands == book.row + 1, "BUG: bands are not where formulas look for them"
        name = book.localizer.format(line.row.name)
        book.write_cell(0, CellValue(name, ""))
        book.write_cell(1, CellValue(None, ""))
        book.write_cell(2, CellValue(line.row.otherwise, "", "General"))
        for at, band in enumerate(line.row.bands):
            book.write_cell(3 + 2 * at, CellValue(band.limit, "", _shape(line.row)))
            book.write_cell(4 + 2 * at, CellValue(band.points, "", "General"))
        book.row += 1
    book.row += 1


def _shape(row: ScoreRow) -> str:
    return "0" + ("." + "0" * row.decimals if row.decimals else "")


def _write_row(line: _Line, book: Book) -> None:
    row, localizer = line.row, book.localizer
    decimals = _shape(row)
    for name, text in (
        ("indicator", localizer.format(row.name)),
        ("how", localizer.format(row.how)),
        ("unit", name_unit(row.unit, localizer.texts, row.value or 0)),
    ):
        book.write_cell(_AT[name], CellValue(text, text))
    for name, number, shape in (
        ("weight", row.weight, "General"),
        ("target", row.target, decimals),
        ("minimum", row.minimum, decimals),
    ):
        book.write_cell(_AT[name], CellValue(number, "", shape))
    _write_value(line, book, decimals)
    number_format = {"points": "General", "score": "0.00", "result": "General"}
    for name, formula, value in (
        ("points", _points_formula(line), row.points),
        ("score", f'=IF({line.cell("points")}="","",{_score_of(line)})', row.score),
        ("result", _result_formula(line, book), _word(row.result, book)),
    ):
        made = book.format("cell", num_format=number_format[name])
        shown = "" if value is None else value
        book.sheet.write_formula(line.number - 1, _AT[name], formula, made, shown)


def _write_value(line: _Line, book: Book, decimals: str) -> None:
    """The result: a quotient as a formula, what people type as an open field."""
    row = line.row
    quotient = row.quotient
    parts = (quotient.numerator, quotient.denominator, quotient.factor) if quotient else (None,) * 3
    for name, part in zip(("numerator", "denominator", "factor"), parts, strict=True):
        book.write_cell(_AT[name], CellValue(part, "", "#,##0.######" if part else ""))
    if quotient is None or row.value is None:
        style = "field" if row.is_typed or row.value is None else "cell"
        book.write_cell(_AT["value"], CellValue(row.value, "", decimals), style)
        return
    numerator, denominator = line.cell("numerator"), line.cell("denominator")
    exact = f"ROUND({line.cell('factor')}*{numerator}/{denominator},{_CLEAN})"
    formula = f"={_ROUND[quotient.rounding]}({exact},{row.decimals})"
    made = book.format("cell", num_format=decimals, bold=True)
    book.sheet.write_formula(line.number - 1, _AT["value"], formula, made, row.value)


def _points_formula(line: _Line) -> str:
    """The points of the first band that the value reaches, else those beyond all bands."""
    value = line.cell("value")
    points = f"C{line.bands}"
    for at in reversed(range(len(line.row.bands))):
        limit, own = (f"{name_column(3 + 2 * at + part)}{line.bands}" for part in (0, 1))
        points = f"IF({value}{line.reaches}{limit},{own},{points})"
    return f'=IF({value}="","",{points})'


def _score_of(line: _Line) -> str:
    return f"{line.cell('weight')}*{line.cell('points')}/100"


def _result_formula(line: _Line, book: Book) -> str:
    value = line.cell("value")
    met, minimum, missed, not_entered = (
        f'"{_word(result, book)}"'
        for result in (
            ScoreResult.MET,
            ScoreResult.MINIMUM,
            ScoreResult.MISSED,
            ScoreResult.NOT_ENTERED,
        )
    )
    rest = missed
    if line.row.minimum is not None:
        rest = f"IF({value}{line.reaches}{line.cell('minimum')},{minimum},{missed})"
    return (
        f'=IF({value}="",{not_entered},IF({value}{line.reaches}{line.cell("target")},{met},{rest}))'
    )


def _word(result: ScoreResult, book: Book) -> str:
    return book.localizer.texts(f"contract.result.{result.value}")


def _write_totals(sheet: ScoreSheet, book: Book, first: int) -> None:
    """The weights entered, the scores added up, and the score of 100."""
    t = book.localizer.texts
    last, number = book.row, book.row + 1
    entered, total = f"{_LETTER['weight']}{number}", f"{_LETTER['score']}{number}"
    values, weights, scores = (
        f"{_LETTER[name]}{first + 1}:{_LETTER[name]}{last}" for name in ("value", "weight", "score")
    )
    percent = f"{_ROUND[sheet.rounding]}(ROUND(100*{total}/{entered},{_CLEAN}),2)"
    rows: tuple[tuple[str, dict[str, tuple[str, float | None]]], ...] = (
        (
            t("contract.scores.entered"),
            {
                "weight": (f'=SUMPRODUCT(({values}<>"")*{weights})', sheet.entered_weight),
                "score": (f"=SUM({scores})", sheet.total),
            },
        ),
        (
            t("contract.scores.percent"),
            {"score": (f'=IF({_find_nothing(sheet, entered, first)},"",{percent})', sheet.percent)},
        ),
    )
    for offset, (name, formulas) in enumerate(rows):
        for column in range(len(_FIXED)):
            book.sheet.write_blank(last + offset, column, None, book.format("total"))
        book.sheet.write_string(last + offset, 0, name, book.format("total"))
        for key, (formula, value) in formulas.items():
            made = book.format("total", num_format="0.00" if key == "score" else "General")
            shown = "" if value is None else value
            book.sheet.write_formula(last + offset, _AT[key], formula, made, shown)


def _find_nothing(sheet: ScoreSheet, entered: str, first: int) -> str:
    """The condition for which there is no score: nothing entered, or nothing measured."""
    if sheet.percent is not None or not sheet.entered_weight:
        return f"{entered}=0"
    cells = (
        f"{_LETTER['value']}{first + at + 1}"
        for at, row in enumerate(sheet.rows)
        if row.value is None and not row.is_typed
    )
    return f"COUNT({','.join(cells)})=0"


def _colour_results(book: Book, first: int) -> None:
    """Colours follow the words, which follow the values."""
    for result, state in RESULT_STATES.items():
        fill, ink = FILLS[state]
        made = book.workbook.add_format({"bg_color": fill, "font_color": ink, "bold": True})
        word = f'"{_word(result, book)}"'
        rule = {"type": "cell", "criteria": "==", "value": word, "format": made}
        column = _AT["result"]
        book.sheet.conditional_format(first, column, max(book.row - 1, first), column, rule)
