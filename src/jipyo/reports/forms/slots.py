"""What a form can ask for: the texts, figures, tables and drawings of a report by their names.

Listing and filling use this one table. Everything has a Korean and an English name, and both
can be used in a form of either language.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, get_args
from zoneinfo import ZoneInfo

from jipyo.i18n import LANGS, texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import local_day
from jipyo.model.errors import ReportError
from jipyo.reports.document import (
    Actions,
    AnyChart,
    Badge,
    Blank,
    Chart,
    Cover,
    Day,
    DayMatrix,
    DayStrip,
    Finding,
    Findings,
    Heading,
    HeatMap,
    Joined,
    Moment,
    ScoreSheet,
    Table,
    Tiles,
    Timeline,
    VerdictBox,
    WeekHeatMap,
    find_figures,
    phrase,
)
from jipyo.reports.forms.values import FixedNumber, normalise
from jipyo.reports.render.scores import NUMERIC, SCORE_COLUMNS, build_result, write_done
from jipyo.reports.tables import build_action_table
from jipyo.reports.wording import Localizer
from jipyo.sla.wording import name_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jipyo.model.figure import Figure
    from jipyo.reports.document import Block, Inline, MatrixRow, Report, ScoreRow
    from jipyo.reports.forms.values import SlotValue

_TABLE_KEY = "forms.table."
_NEAR, _MOST_NEAR = 0.4, 3
_QUALIFIED = re.compile(r"(.*?)\[(.*)\](.*)", re.DOTALL)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_NUMBER_COLUMN = "no"
_INCIDENT = re.compile("incident-([0-9]+)-([a-z]+)")
_SUMMARY = "sla-summary"
"""Of several systems the first has the name without its own."""
_CHAPTER = re.compile(r"^[0-9]+(\.[0-9]+)*\.? ")
_DRAWN = (*get_args(AnyChart), HeatMap, WeekHeatMap, Timeline)
Row = tuple["SlotValue", ...]
Drawn = AnyChart | HeatMap | WeekHeatMap | Timeline


@dataclass(frozen=True, slots=True)
class FormSlot:
    """A text or a figure."""

    name: Bilingual
    about: Inline
    """What it is."""
    value: SlotValue
    series: str = ""
    """The labels of a figure's series."""


@dataclass(frozen=True, slots=True)
class SlotColumn:
    """A column of a table."""

    name: Bilingual
    key: str
    """A name that does not change with the words of a language."""
    numeric: bool = False

    def is_called(self, name: str) -> bool:
        """Whether this is one of its names."""
        return normalise(name) in map(normalise, (self.name.ko, self.name.en, self.key))


@dataclass(frozen=True, slots=True)
class SlotTable:
    """A table, which is repeated row by row, drawn as a whole, or asked for a cell."""

    id: str
    name: Bilingual
    about: Inline
    columns: tuple[SlotColumn, ...]
    rows: tuple[Row, ...]
    totals: Row = ()
    is_absent: bool = False
    """Whether the report has no such table this time; its columns are not known then."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that it can be called."""
        return (self.name.ko, self.name.en, self.id)


@dataclass(frozen=True, slots=True)
class SlotPicture:
    """A drawing."""

    id: str
    name: Bilingual
    block: Drawn | None
    """None where the report has no such drawing this time."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that it can be called."""
        return (self.name.ko, self.name.en, self.id)


_Named = TypeVar("_Named", SlotTable, SlotPicture)


@dataclass(frozen=True, slots=True)
class SlotBook:
    """All that a report offers to a form."""

    texts: tuple[FormSlot, ...]
    tables: tuple[SlotTable, ...]
    pictures: tuple[SlotPicture, ...]
    localizer: Localizer

    def find_text(self, name: str) -> SlotValue:
        """The value of a name: a text, a figure, or a cell as `table.row.column`.

        Raises:
            ReportError: there is none, with the nearest names; or it has several series.
        """
        qualified = _QUALIFIED.fullmatch(name)
        plain, values = (qualified[1] + qualified[3], qualified[2]) if qualified else (name, "")
        wanted = normalise(plain)
        slots = [slot for slot in self.texts if wanted in map(normalise, _split_names(slot))]
        if slots:
            return _choose_series(slots, values, name) if qualified else slots[0].value
        for table in self.tables:
            for cell in _find_cells(table, name, self.localizer):
                return cell
        raise self.describe_unknown(name, self._list_names(name))

    def find_table(self, name: str) -> SlotTable:
        """The table of a name.

        Raises:
            ReportError: there is none.
        """
        return self._find_named(name, self.tables)

    def find_picture(self, name: str) -> SlotPicture:
        """The drawing of a name.

        Raises:
            ReportError: there is none.
        """
        return self._find_named(name, self.pictures)

    def _find_named(self, name: str, listed: Sequence[_Named]) -> _Named:
        wanted = normalise(name)
        for one in listed:
            if wanted in map(normalise, one.names):
                return one
        raise self.describe_unknown(name, (each for one in listed for each in one.names))

    def _list_names(self, name: str) -> Iterator[str]:
        for slot in self.texts:
            yield from (slot.name.ko, slot.name.en)
        for table in self.tables:
            prefix = next(
                (one for one in table.names if name.casefold().startswith(one.casefold())), None
            )
            for each in (table.name.ko, table.name.en) if prefix is None else (prefix,):
                yield f"#{each}"
            if prefix is not None:
                yield from _list_cell_names(table, prefix, self.localizer)

    def describe_unknown(self, name: str, known: Iterable[str]) -> ReportError:
        """The error of a name that nothing has, with those that read most like it."""
        by_name = {normalise(one): one for one in known}
        near = difflib.get_close_matches(normalise(name)[:200], by_name, _MOST_NEAR, _NEAR)
        key = "forms.unknown_slot.near" if near else "forms.unknown_slot"
        names = ", ".join(by_name[one] for one in near)
        return ReportError(key, hint="forms.unknown_slot.hint", slot=name[:200], near=names)


# ------------------------------------------------------------------------------------ looking up


def _split_names(slot: FormSlot) -> tuple[str, str]:
    """Both names without the part in brackets, which tells one series from another."""
    plain = (_QUALIFIED.sub(r"\1\3", slot.name.ko), _QUALIFIED.sub(r"\1\3", slot.name.en))
    return plain if slot.series else (slot.name.ko, slot.name.en)


def _choose_series(slots: Sequence[FormSlot], values: str, name: str) -> SlotValue:
    """The figure whose series has all of these label values."""
    wanted = {normalise(value) for value in values.split(",") if value.strip()}
    labels = {slot.series: _list_label_values(slot.series) for slot in slots if slot.series}
    matching = [series for series, own in labels.items() if wanted <= set(map(normalise, own))]
    if len(matching) == 1:
        return next(slot.value for slot in slots if slot.series == matching[0])
    known = ", ".join(sorted(labels)[: _MOST_NEAR * 3])
    key = "forms.several_series" if matching else "forms.no_series"
    raise ReportError(key, hint="forms.several_series.hint", slot=name, series=known)


def _list_label_values(series: str) -> list[str]:
    return [value for _, value in _LABEL.findall(series)]


def _find_cells(table: SlotTable, name: str, localizer: Localizer) -> Iterator[SlotValue]:
    """The cell that `table.row.column` names: rows by their first cell or their number."""
    for prefix in table.names:
        if not name.casefold().startswith(f"{prefix}.".casefold()):
            continue
        rest = name[len(prefix) + 1 :]
        if table.is_absent:
            yield phrase("forms.no_entries")
        row, _, column_name = rest.rpartition(".")
        for at, column in enumerate(table.columns):
            if not column.is_called(column_name):
                continue
            for number, cells in _number_rows(table):
                if normalise(row) in _name_row(number, cells, table, localizer):
                    yield cells[at]


def _number_rows(table: SlotTable) -> Iterator[tuple[int, Row]]:
    yield from enumerate(table.rows, 1)
    if table.totals:
        yield 0, table.totals


def _name_row(number: int, cells: Row, table: SlotTable, localizer: Localizer) -> set[str]:
    """What a row can be called, normalised."""
    if not number:
        return {normalise(texts(lang)("forms.totals")) for lang in LANGS}
    first = cells[1 if table.columns[0].key == _NUMBER_COLUMN and len(cells) > 1 else 0]
    names = {str(number)}
    for lang in LANGS:
        one = Localizer(texts(lang), localizer.zone, localizer.period)
        names.add(one.format(first) if not isinstance(first, FixedNumber) else str(first.value))
    return set(map(normalise, names))


def _list_cell_names(table: SlotTable, prefix: str, localizer: Localizer) -> Iterator[str]:
    lang = localizer.texts.lang
    for _, cells in list(_number_rows(table))[:200]:
        at = 1 if table.columns[0].key == _NUMBER_COLUMN and len(cells) > 1 else 0
        first = cells[at]
        row = str(first.value) if isinstance(first, FixedNumber) else localizer.format(first)
        for column in table.columns:
            yield f"{prefix}.{row}.{column.name(lang)}"


# ------------------------------------------------------------------------------------- building


def build_slots(report: Report, names: Mapping[str, Bilingual], localizer: Localizer) -> SlotBook:
    """All that this report offers.

    Args:
        report: what a form is filled with.
        names: of the catalogue's metrics, by id. What has no data in this report is known all
            the same: a form does not break because a metric went away.
        localizer: of the language that the form is filled in.
    """
    both = {lang: Localizer(texts(lang), localizer.zone, localizer.period) for lang in LANGS}
    translate = _Translator(both["ko"], both["en"])
    tables = tuple(_build_tables(report, translate))
    return SlotBook(
        texts=(
            *_list_texts(report, translate),
            *_list_cover(report, translate),
            *_list_conclusions(report, translate),
            *_list_scores(report, tables, translate),
            *_list_figures(report, names),
        ),
        tables=(*tables, *_list_absent(tables)),
        pictures=tuple(_list_pictures(report, names, translate)),
        localizer=localizer,
    )


@dataclass(frozen=True, slots=True)
class _Translator:
    ko: Localizer
    en: Localizer

    def __call__(self, part: Inline) -> Bilingual:
        return Bilingual(self.ko.format(part), self.en.format(part))


def _name_key(key: str) -> Bilingual:
    return Bilingual(texts("ko")(key), texts("en")(key))


def find_blocks(value: object, *kinds: type) -> Iterator[Any]:
    """All values of these types in a report, however deep, in the order of the report."""
    if isinstance(value, kinds):
        yield value
    if isinstance(value, tuple):
        for item in value:
            yield from find_blocks(item, *kinds)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from find_blocks(getattr(value, field.name), *kinds)


def _list_texts(report: Report, translate: _Translator) -> Iterator[FormSlot]:
    period = report.period
    last = max(period.first_day, period.next_day - timedelta(days=1))
    zone = ZoneInfo(period.zone)
    marking = report.issuer.marking
    values: dict[str, Inline] = {
        "title": _mark(report.title, marking),
        "number": _mark(report.number, marking),
        "period": _mark(_write_period(translate), marking),
        "first_day": Day(period.first_day),
        "last_day": Day(last),
        "year": str(period.first_day.year),
        "month": str(period.first_day.month),
        "made": Day(local_day(report.made_ms, zone)),
        "made_at": Moment(report.made_ms, dated=True),
        "organisation": report.issuer.organisation or None,
        "system": Bilingual(report.issuer.name_system("ko"), report.issuer.name_system("en"))
        if report.issuer.name_system("ko")
        else ", ".join(report.instances) or None,
        "zone": period.zone,
        "catalogue": report.catalogue,
    }
    for verdict in find_blocks(report.blocks, VerdictBox):
        values["verdict"] = Badge(verdict.state, verdict.word)
        values["summary"] = verdict.text
        values["summary_details"] = Joined(verdict.details, "\n")
        values["score"] = None if verdict.score is None else verdict.score.value
        break
    for key, value in values.items():
        yield FormSlot(_name_key(f"forms.slot.{key}"), phrase(f"forms.about.{key}"), value)


def _write_period(translate: _Translator) -> Bilingual:
    return Bilingual(translate.ko.format_period(), translate.en.format_period())


def _mark(part: Inline, marking: Inline) -> Inline:
    """What every form shows says of made-up data that they are."""
    return part if marking is None else phrase("forms.marked", text=part, marking=marking)


def _list_cover(report: Report, translate: _Translator) -> Iterator[FormSlot]:
    """What the cover says beside the title: the issue, who approved it, and its rows."""
    for cover in find_blocks(report.blocks, Cover):
        about = phrase("forms.about.cover")
        yield FormSlot(_name_key("forms.slot.issue"), about, cover.issue)
        for name, value in cover.rows:
            yield FormSlot(_join(_name_key("forms.slot.cover"), translate(name)), about, value)
        for one in cover.approvals:
            who, when = _name_key("forms.slot.by"), _name_key("forms.slot.at")
            yield FormSlot(_join(translate(one.step), who), about, one.name or Blank())
            yield FormSlot(_join(translate(one.step), when), about, one.at or Blank())
        break


def _list_conclusions(report: Report, translate: _Translator) -> Iterator[FormSlot]:
    """The sentence that begins a section, by the section's heading."""
    word, heading = _name_key("forms.slot.conclusion"), None
    for block in find_blocks(_drop_lists(report.blocks), Heading, Finding):
        if isinstance(block, Heading):
            heading = block
        elif heading is not None:
            name = Bilingual(_CHAPTER.sub("", translate(heading.text).ko), heading.id)
            yield FormSlot(_join(name, word), translate(heading.text), block.text)
            heading = None


def _drop_lists(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The findings of the summary are rows of a table."""
    return tuple(block for block in blocks if not isinstance(block, Findings))


def _join(first: Bilingual, second: Bilingual) -> Bilingual:
    return Bilingual(f"{first.ko}.{second.ko}", f"{first.en}.{second.en}")


def _list_scores(
    report: Report, tables: Sequence[SlotTable], translate: _Translator
) -> Iterator[FormSlot]:
    """The totals of each score sheet, beside its rows."""
    for sheet in find_blocks(report.blocks, ScoreSheet):
        table = next(one for one in tables if one.id == sheet.id)
        for key, value in (("total", sheet.total), ("percent", sheet.percent)):
            yield FormSlot(
                _join(table.name, _name_key(f"forms.score.{key}")),
                translate(sheet.caption),
                None if value is None else FixedNumber(value, 2),
            )


def _list_figures(report: Report, names: Mapping[str, Bilingual]) -> Iterator[FormSlot]:
    """The figures of each metric: the first, and each kind of figure for each series."""
    figures: dict[str, dict[tuple[str, str], Figure]] = {metric: {} for metric in names}
    for figure in find_figures(report.blocks):
        if figure.metric in figures and figure.value is not None:
            figures[figure.metric].setdefault((figure.fold.value, figure.series), figure)
    for metric, found in figures.items():
        name = names[metric]
        first = next(iter(found.values()), None)
        value: SlotValue = phrase("forms.no_data") if first is None else first
        yield FormSlot(Bilingual(name.ko, metric), phrase("forms.about.metric"), value)
        brackets = _name_series({series for _, series in found})
        seen: set[str] = set()
        for (fold, series), figure in found.items():
            word, bracket = _name_key(f"forms.fold.{fold}"), brackets[series]
            about = phrase(f"forms.about.fold.{fold}", name=name)
            if fold not in seen:
                slot_name = Bilingual(f"{name.ko}.{word.ko}", f"{metric}.{word.en}")
                yield FormSlot(slot_name, about, figure, "" if bracket else series)
            seen.add(fold)
            if bracket:
                slot_name = Bilingual(
                    f"{name.ko}[{bracket}].{word.ko}", f"{metric}[{bracket}].{word.en}"
                )
                yield FormSlot(slot_name, about, figure, series)


def _name_series(series: set[str]) -> dict[str, str]:
    """For each series the label values that not all of them have; empty for a single one."""
    labels = {one: dict(_LABEL.findall(one)) for one in series}
    differing = sorted(
        {
            label
            for own in labels.values()
            for label in own
            if len({other.get(label) for other in labels.values()}) > 1
        }
    )
    return {
        one: ",".join(own[label] for label in differing if label in own)
        for one, own in labels.items()
    }


def _build_tables(report: Report, translate: _Translator) -> Iterator[SlotTable]:
    seen: set[str] = set()
    incidents: list[str] = []
    for block in find_blocks(report.blocks, *_TABLES):
        build = _TABLES[type(block)]
        table = _number(build(block, translate))
        if table.id in seen:
            continue
        seen.add(table.id)
        if incident := _INCIDENT.fullmatch(table.id):
            incidents += [] if incident[1] in incidents else [incident[1]]
            name = _name_part(incidents.index(incident[1]) + 1, incident[2])
            table = dataclasses.replace(table, name=name)
        elif table.id.startswith(_SUMMARY) and _SUMMARY not in seen:
            seen.add(_SUMMARY)
            table = dataclasses.replace(table, name=_name_table(_SUMMARY))
        yield table


def _name_part(number: int, part: str) -> Bilingual:
    """A table of an incident's report: by its place in this report, as numbers go on."""
    key = f"forms.incident.{part}"
    word = _name_key(key) if key in texts("en") else Bilingual(part, part)
    return Bilingual(f"장애보고서{number}{word.ko}", f"incident report {number} {word.en}")


def _number(table: SlotTable) -> SlotTable:
    """With a column of running numbers, for a form that has one."""
    name = _name_key("forms.column.no")
    if any(column.is_called(name.ko) or column.is_called(name.en) for column in table.columns):
        return table
    column = SlotColumn(name, _NUMBER_COLUMN, numeric=True)
    rows = tuple((at, *row) for at, row in enumerate(table.rows, 1))
    totals = (None, *table.totals) if table.totals else ()
    return dataclasses.replace(table, columns=(column, *table.columns), rows=rows, totals=totals)


def _name_table(table_id: str) -> Bilingual:
    """The table's names by its id: those of the texts, or the id itself."""
    key = f"{_TABLE_KEY}{table_id.replace('-', '_')}"
    return _name_key(key) if key in texts("en") else Bilingual(table_id, table_id)


def _convert_table(table: Table, translate: _Translator) -> SlotTable:
    columns = tuple(
        SlotColumn(translate(head.title), head.title.key.rpartition(".")[2], head.numeric)
        for head in table.columns
    )
    about, name = translate(table.caption), _name_table(table.id)
    return SlotTable(table.id, name, about, columns, table.rows, table.totals)


def _convert_scores(sheet: ScoreSheet, translate: _Translator) -> SlotTable:
    keys = ("indicator", "how", *SCORE_COLUMNS[1:])
    columns = tuple(
        SlotColumn(_name_key(f"forms.score.{key}"), key, key in NUMERIC) for key in keys
    )
    rows = tuple(tuple(map(_list_score_cells(row).get, keys)) for row in sheet.rows)
    totals = tuple(
        {"weight": FixedNumber(sheet.entered_weight, None), "score": FixedNumber(sheet.total, 2)}
        .get(key, phrase("forms.totals") if key == "indicator" else "")
        for key in keys
    )  # fmt: skip
    about = translate(sheet.caption)
    return SlotTable(sheet.id, _name_table(sheet.id), about, columns, rows, totals)


def _list_score_cells(row: ScoreRow) -> dict[str, SlotValue]:
    """The cells of an indicator by column."""

    def number(value: float | None, decimals: int | None = None) -> SlotValue:
        return None if value is None else FixedNumber(value, decimals)

    ko, en = (name_unit(row.unit, texts(lang), row.value or 0) for lang in LANGS)
    to_fill = phrase("inspection.to_fill")
    return {
        "indicator": row.name,
        "how": row.how,
        "unit": Bilingual(ko, en),
        "weight": number(row.weight),
        "target": number(row.target, row.decimals),
        "minimum": number(row.minimum, row.decimals),
        "value": to_fill if row.value is None else number(row.value, row.decimals),
        "points": number(row.points),
        "score": number(row.score, 2),
        "result": build_result(row),
    }


def _convert_matrix(matrix: DayMatrix, translate: _Translator) -> SlotTable:
    """Items by days: a column for each day of the month, by its number."""
    days = [Bilingual(str(day.day), str(day.day)) for day in matrix.days]
    columns = (
        SlotColumn(_name_key("inspection.matrix.item"), "item"),
        *(SlotColumn(name, name.en) for name in days),
        SlotColumn(_name_key("inspection.matrix.done"), "done", numeric=True),
    )

    def build(row: MatrixRow) -> Row:
        signs = ("" if cell is None else cell.mark.sign for cell in row.cells)
        done = Bilingual(write_done(row, translate.ko), write_done(row, translate.en))
        return (row.name, *signs, done)

    rows = tuple(map(build, matrix.rows))
    about = translate(matrix.caption)
    return SlotTable(matrix.id, _name_table(matrix.id), about, columns, rows)


def _convert_strip(strip: DayStrip, translate: _Translator) -> SlotTable:
    """Areas by days: the word of the worst state of each."""
    columns = (
        SlotColumn(_name_key("inspection.matrix.item"), "item"),
        *(SlotColumn(Bilingual(n, n), n) for n in (str(day.day) for day in strip.days)),
    )
    rows = tuple(
        (row.name, *("" if state is None else Badge(state) for state in row.states))
        for row in strip.rows
    )
    about = translate(strip.caption)
    return SlotTable(strip.id, _name_table(strip.id), about, columns, rows)


def _convert_actions(actions: Actions, translate: _Translator) -> SlotTable:
    return _convert_table(build_action_table(actions), translate)


def _build_own(table_id: str, keys: Sequence[str], rows: Iterable[Row]) -> SlotTable:
    columns = tuple(SlotColumn(_name_key(f"forms.column.{key}"), key) for key in keys)
    name = _name_table(table_id)
    return SlotTable(table_id, name, name, columns, tuple(rows))


def _convert_findings(findings: Findings, _: _Translator) -> SlotTable:
    rows = (
        (Badge(one.state), one.text, Joined(one.details, " "), one.basis) for one in findings.items
    )
    return _build_own("findings", ("state", "text", "details", "basis"), rows)


def _convert_tiles(tiles: Tiles, _: _Translator) -> SlotTable:
    rows = (
        (
            tile.subject,
            tile.figure,
            None if tile.state is None else Badge(tile.state),
            tile.note,
            Joined(tile.compared, "\n"),
        )
        for tile in tiles.items
    )
    return _build_own("key-metrics", ("metric", "value", "state", "note", "compared"), rows)


_TABLES: Mapping[type, Callable[..., SlotTable]] = {
    Table: _convert_table,
    ScoreSheet: _convert_scores,
    DayMatrix: _convert_matrix,
    DayStrip: _convert_strip,
    Actions: _convert_actions,
    Findings: _convert_findings,
    Tiles: _convert_tiles,
}


def _list_absent(tables: Sequence[SlotTable]) -> Iterator[SlotTable]:
    """The tables that reports can have and this one has not: a month without incidents."""
    present = {table.id for table in tables}
    present |= {_SUMMARY for table in tables if table.id.startswith(_SUMMARY)}
    for key in sorted(texts("en").table):
        table_id = key.removeprefix(_TABLE_KEY).replace("_", "-")
        if key.startswith(_TABLE_KEY) and table_id not in present:
            name = _name_table(table_id)
            yield SlotTable(table_id, name, name, (), (), is_absent=True)


def _list_pictures(
    report: Report, names: Mapping[str, Bilingual], translate: _Translator
) -> Iterator[SlotPicture]:
    metrics = {f"chart-{metric.replace('.', '-')}": metric for metric in names}
    charted: set[str] = set()
    for block in find_blocks(report.blocks, *_DRAWN):
        title = translate(block.title)
        own_id = getattr(block, "id", "") or title.en
        metric = metrics.get(own_id, own_id) if isinstance(block, Chart) else own_id
        if metric not in charted:
            charted.add(metric)
            yield SlotPicture(metric, title, block)
    for metric, name in names.items():
        if metric not in charted:
            yield SlotPicture(metric, name, None)
