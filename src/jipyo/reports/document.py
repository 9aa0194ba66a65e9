"""A report as data: blocks and the inline parts in them, in no language.

A renderer only formats it. A sentence is the key of a text and its values (`Phrase`), names are
bilingual, moments are milliseconds and figures carry their provenance, so that a report has
the same content in Korean and English and in every format.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.model.bilingual import Bilingual
from jipyo.model.figure import Delta, Figure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from jipyo.analysis.thresholds import State
    from jipyo.model.calendar import Period
    from jipyo.model.sample import Values


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and without provenance: a threshold, a count."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, shown in the report's zone; always with its date where `dated`."""

    t_ms: int
    dated: bool = False
    to_the_second: bool = False


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time."""

    ms: int


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day."""

    day: date


@dataclass(frozen=True, slots=True)
class Share:
    """A share of 1, shown as percent and rounded down, so that 99.99% never reads as 100%."""

    value: float


@dataclass(frozen=True, slots=True)
class Badge:
    """A word in the colour of a state: the name of the state, or another text."""

    state: State
    text: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The name of a metric, and which of its series where it has several."""

    name: Bilingual
    target: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Text for machines: an expression, a hash."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence: the key of its text in `i18n`, and the values of its blanks."""

    key: str
    values: tuple[tuple[str, Inline], ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts one after another, with a separator between them."""

    parts: tuple[Inline, ...]
    by: str = " "


Inline = (
    Phrase
    | Joined
    | Bilingual
    | Figure
    | Quantity
    | Delta
    | Moment
    | Duration
    | Day
    | Share
    | Badge
    | Subject
    | Code
    | str
    | int
    | None
)
"""What a sentence or a cell of a table can hold; None is shown as a dash."""


def phrase(key: str, **values: Inline) -> Phrase:
    """A sentence by the key of its text, with the values of its blanks by name."""
    return Phrase(key, tuple(values.items()))


@dataclass(frozen=True, slots=True)
class VerdictBox:
    """The one line that an executive reads, and the details that qualify it."""

    state: State
    text: Inline
    details: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence that matters, details on it, and the data that it is based on."""

    state: State
    text: Inline
    details: tuple[Inline, ...]
    basis: Inline


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings, the gravest first."""

    items: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure: what it is, how it compares, and how it moved over the period."""

    subject: Subject
    figure: Figure
    state: State | None
    """None for a metric without thresholds."""
    note: Inline
    """How the figure was computed."""
    compared: tuple[Inline, ...]
    shape: Values
    """Shape (steps,), NaN where there is no value."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """The key figures."""

    items: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """The heading of a table's column; cells of a numeric column are flush right."""

    title: Phrase
    numeric: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; the first cell of a row is its heading."""

    id: str
    caption: Inline
    columns: tuple[ColumnHead, ...]
    rows: tuple[tuple[Inline, ...], ...]
    wide: bool = False
    """In smaller type: it holds expressions or many columns."""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One series of a chart; `values` has shape (steps,), NaN where there is no value."""

    name: str
    values: Values


@dataclass(frozen=True, slots=True)
class ThresholdLine:
    """A threshold or an objective on a chart."""

    kind: Literal["warning", "critical", "objective"]
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A metric over the period; step i covers (start + i * step, start + (i + 1) * step]."""

    id: str
    title: Bilingual
    unit: str
    start_ms: int
    step_ms: int
    lines: tuple[ChartLine, ...]
    others: tuple[ChartLine, ChartLine] | None
    """Minimum and maximum of the series that are not drawn one by one."""
    others_count: int
    ghost: ChartLine | None
    """The same series a week earlier, drawn faintly for comparison."""
    thresholds: tuple[ThresholdLine, ...]
    worse: int
    """1: high is worse; -1: low is worse; 0: neither."""
    caption: Inline


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts side by side."""

    items: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Series by hours, a colour per hourly mean; `values` has shape (series, hours)."""

    title: Bilingual
    unit: str
    rows: tuple[str, ...]
    hours_ms: tuple[int, ...]
    values: Values
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time beyond a threshold, on a timeline."""

    start_ms: int
    end_ms: int
    severity: Literal["warning", "critical"]
    text: Inline


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One series on a timeline."""

    subject: Subject
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """When which series were beyond their thresholds."""

    title: Phrase
    rows: tuple[TimelineRow, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section; level 1 is in the table of contents, `page` begins a new page."""

    id: str
    text: Inline
    level: int = 1
    page: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph; one with a state is highlighted in its colour."""

    text: Inline
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Short items, each with a remark; neighbours with the same remark form a group."""

    items: tuple[tuple[Inline, Inline], ...]


Block = (
    VerdictBox | Findings | Tiles | Table | Charts | HeatMap | Timeline | Heading | Note | Listing
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who issues the report and about which system, as configured; empty where not."""

    organisation: str = ""
    system: str = ""
    version: str = ""
    """Of jipyo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as data. The same stored samples and catalogue give an equal report."""

    kind: str
    number: str
    title: Phrase
    period: Period
    cut_ms: int
    """`period.end_ms` of a period that is over, else how far its data could reach."""
    step_ms: int
    """The interval at which metrics were queried."""
    made_ms: int
    instances: tuple[str, ...]
    """The `instance` labels of the data."""
    catalogue: str
    """SHA-256 of the catalogue that the report was made with."""
    state: State
    blocks: tuple[Block, ...]
    incomplete: tuple[Phrase, ...] = ()
    """Why data of the period could not be read, for those who get the file."""
    issuer: Issuer = Issuer()
    """Set with `dataclasses.replace(report, issuer=...)`; reports are built without it."""


def find_figures(blocks: tuple[Block, ...]) -> list[Figure]:
    """Every figure in these blocks, in the order in which it is printed."""
    return list(_walk_figures(blocks))


def _walk_figures(value: object) -> Iterator[Figure]:
    if isinstance(value, Figure):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _walk_figures(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _walk_figures(getattr(value, field.name))
