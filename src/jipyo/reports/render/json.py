"""A report as JSON and back: in no language, every figure with its provenance."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, find_blanks, texts
from jipyo.model.calendar import Period
from jipyo.model.errors import ConfigError
from jipyo.model.figure import Delta, Figure
from jipyo.model.plain import to_plain
from jipyo.model.plain_types import Mistake, PlainTypes
from jipyo.model.sample import Values
from jipyo.reports.document import Moment, Phrase, Quantity, Report, Table, walk_values
from jipyo.reports.wording import PERIOD_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.i18n import Texts

TYPE_NAMES = {"State": State, "Period": Period, "Values": Values, "date": date}
"""What the modules of a report's classes import for type checking only."""
SCHEMA_ID = "https://jipyo.dev/schemas/report.json"
LARGEST_BYTES = 256 << 20
"""A report of a year with hundreds of hosts has some tens of MiB."""
_OTHER_UNITS = frozenset({"ratio", "point", "factor", "hours"})
_MOMENTS = range(-62_000_000_000_000, 253_000_000_000_000)
"""The years 6 to 9987: whoever shows a moment needs a calendar."""
_SHOWN = 50
"""Most mistakes that are named."""


def to_json(report: Report) -> bytes:
    """The report as JSON: fields in the order they are declared, `type` names the class.

    Without blanks: most of a month's report are values of charts, a line each otherwise.
    """
    return orjson.dumps(to_plain(report))


@cache
def find_report_types() -> PlainTypes:
    """The plain form of a report, from which it is read and its schema is written."""
    return PlainTypes(Report, TYPE_NAMES)


def build_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of `to_json`."""
    return find_report_types().build_schema("jipyo report", SCHEMA_ID)


def read_report(content: bytes, where: str = "") -> Report:
    """The report that `to_json` wrote: the same bytes come of it again.

    Args:
        content: JSON by `build_schema`.
        where: what the bytes are from, for the mistakes.

    Raises:
        ConfigError: it is no report; with every mistake and its place.
    """
    if len(content) > LARGEST_BYTES:
        raise ConfigError("archive.json.too_large", where=where, limit=LARGEST_BYTES >> 20)
    try:
        plain = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ConfigError("archive.json.not_json", where=where, reason=str(error)) from error
    report, mistakes = find_report_types().read(plain)
    mistakes = mistakes or tuple(_check(report))
    if mistakes:
        raise ConfigError.of([_build_error(one, where) for one in mistakes[:_SHOWN]])
    assert isinstance(report, Report)
    return report


def _build_error(mistake: Mistake, where: str) -> ConfigError:
    return ConfigError(
        f"archive.json.{mistake.problem}",
        hint="archive.json.unknown.hint"
        if mistake.problem == "unknown" and mistake.expected
        else "",
        where=where or "JSON",
        path=mistake.path or "$",
        expected=mistake.expected,
        found=mistake.found,
    )


def _check(report: Report) -> Iterator[Mistake]:
    """What no type says, and whatever shows a report relies on."""
    try:
        ZoneInfo(report.period.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Mistake("period.zone", "zone", "", report.period.zone[:60])
    for name in ("cut_ms", "made_ms", "period.start_ms", "period.end_ms"):
        t_ms = getattr(report.period if "." in name else report, name.rpartition(".")[2])
        if t_ms not in _MOMENTS:
            yield Mistake(name, "moment", "", str(t_ms))
    known = texts("en")
    for path, value in walk_values(report):
        if isinstance(value, Moment) and value.t_ms not in _MOMENTS:
            yield Mistake(f"{path}.t_ms", "moment", "", str(value.t_ms))
        if isinstance(value, Phrase):
            yield from _check_phrase(path, value, known)
        elif isinstance(value, Figure | Quantity | Delta):
            if value.unit not in _OTHER_UNITS and f"i18n.unit.{value.unit}" not in known:
                yield Mistake(f"{path}.unit", "unit", "", value.unit[:60])
        elif isinstance(value, Table):
            yield from _check_rows(path, value.rows, len(value.columns))


def _check_phrase(path: str, text: Phrase, known: Texts) -> Iterator[Mistake]:
    if text.key not in known:
        yield Mistake(f"{path}.key", "text", "", text.key[:60])
        return
    given = {*PERIOD_WORDS, *(name for name, _ in text.values)}
    wanted = dict.fromkeys(
        name for lang in LANGS for name in sorted(find_blanks(texts(lang).table[text.key]))
    )
    for name in wanted:
        if name not in given:
            yield Mistake(f"{path}.values", "missing", name, "")


def _check_rows(path: str, rows: Sequence[Sequence[object]], columns: int) -> Iterator[Mistake]:
    for at, row in enumerate(rows):
        if len(row) != columns:
            yield Mistake(f"{path}.rows[{at}]", "type", f"array({columns})", f"array({len(row)})")
