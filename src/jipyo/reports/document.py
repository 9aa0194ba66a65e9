"""A report as data: what was found, in no language, every figure with where it comes from.

A renderer only writes it down. Sentences are keys and values (`Phrase`), names come from
the catalogue in both languages, moments stay milliseconds until somebody reads them: so
Korean and English, HTML and whatever comes later, all say the same.
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
    from jipyo.model.sample import Values


@dataclass(frozen=True, slots=True)
class Quantity:
    """A bare number with its unit: a threshold, a target."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, read in the report's zone; with its day only where `dated`."""

    t_ms: int
    dated: bool = False


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
    """A part of a whole, 0 to 1, read as percent that never rounds up to a false 100 %."""

    value: float


@dataclass(frozen=True, slots=True)
class Badge:
    """A coloured word: the state's own, or another."""

    state: State
    text: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A metric, and which of its series where it has several."""

    name: Bilingual
    target: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Text for machines: an expression, a hash."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence: its key in i18n and what fills its blanks."""

    key: str
    values: tuple[tuple[str, Inline], ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts said one after another."""

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
"""Whatever can stand in a sentence or a table's cell; None reads as "none"."""


def phrase(key: str, **values: Inline) -> Phrase:
    """A sentence by its key, blanks filled by name."""
    return Phrase(key, tuple(values.items()))


@dataclass(frozen=True, slots=True)
class VerdictBox:
    """The one line that an executive reads, and what must be known with it."""

    state: State
    text: Inline
    details: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What, how much; since when, compared with what, what follows; and on what basis."""

    state: State
    text: Inline
    details: tuple[Inline, ...]
    basis: Inline


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings, the gravest first."""

    items: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure: what it is, how it compares, its shape over the day."""

    subject: Subject
    figure: Figure
    state: State | None
    """None for a metric without thresholds."""
    note: Inline
    compared: tuple[Inline, ...]
    shape: Values
    """Shape (steps,), NaN where absent."""


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
    """Rows of cells; the first cell of a row names the row."""

    id: str
    caption: Inline
    columns: tuple[ColumnHead, ...]
    rows: tuple[tuple[Inline, ...], ...]
    wide: bool = False
    """Set in smaller letters: it holds expressions or many columns."""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One series of a chart; shape (steps,), NaN where absent."""

    name: str
    values: Values


@dataclass(frozen=True, slots=True)
class ThresholdLine:
    """A threshold or an objective on a chart."""

    kind: Literal["warning", "critical", "objective"]
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A metric over the day. Step i stands for the stretch that ends at start + (i+1) * step."""

    id: str
    title: Bilingual
    unit: str
    start_ms: int
    step_ms: int
    lines: tuple[ChartLine, ...]
    others: tuple[ChartLine, ChartLine] | None
    """Lowest and highest of the series that are not drawn one by one."""
    others_count: int
    ghost: ChartLine | None
    """The same weekday a week before."""
    thresholds: tuple[ThresholdLine, ...]
    worse: int
    """1: high is worse; -1: low is worse; 0: neither."""
    caption: Inline


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts that stand side by side."""

    items: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Series by hours: what each was on average in each hour; shape (series, hours)."""

    title: Bilingual
    unit: str
    rows: tuple[str, ...]
    hours_ms: tuple[int, ...]
    values: Values
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch beyond a threshold, on a timeline."""

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
    """When what was beyond its threshold."""

    title: Phrase
    rows: tuple[TimelineRow, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section; level 1 stands in the table of contents, `page` begins a new page."""

    id: str
    text: Inline
    level: int = 1
    page: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph that explains; with a state it is one that must be seen."""

    text: Inline
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Short items, each with a remark: metrics that have no data, definitions."""

    items: tuple[tuple[Inline, Inline], ...]


Block = (
    VerdictBox | Findings | Tiles | Table | Charts | HeatMap | Timeline | Heading | Note | Listing
)


@dataclass(frozen=True, slots=True)
class Period:
    """What the report is about: a local day, and how far into it the data can reach.

    `cut_ms` is `end_ms` for a day that is over, else the last step that lay in the past.
    """

    day: date
    zone: str
    start_ms: int
    end_ms: int
    cut_ms: int
    step_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who hands the report in, about what: the site's words, empty where it gave none."""

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
    made_ms: int
    instances: tuple[str, ...]
    """What the data are from, by their `instance` labels."""
    catalogue: str
    """SHA-256 of the catalogue that was asked."""
    state: State
    blocks: tuple[Block, ...]
    issuer: Issuer = Issuer()
    """Put in by whoever hands it in: `dataclasses.replace(report, issuer=...)`."""


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
