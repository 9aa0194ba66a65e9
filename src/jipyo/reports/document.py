"""A report as data: blocks and the inline parts in them, in no language.

A renderer only formats it. A sentence is the key of a text and its values (`Phrase`), names are
bilingual, moments are milliseconds and figures carry their provenance, so that a report has
the same content in Korean and English and in every format.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal

from jipyo.model.bilingual import Bilingual
from jipyo.model.figure import Delta, Figure
from jipyo.reports.look import JIPYO_LOOK, Look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from jipyo.analysis.thresholds import State
    from jipyo.i18n import Lang
    from jipyo.model.calendar import Period
    from jipyo.model.sample import Values


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and without provenance: a threshold, a count."""

    value: float
    unit: str
    decimals: int | None = None
    """Exactly so many are shown; None: as many as three significant digits have."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, shown in the report's zone; always with its date where `dated`."""

    t_ms: int
    dated: bool = False
    to_the_second: bool = False
    of_day: date | None = None
    """The local day that it is known to be of, so that the time of day will do."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time."""

    ms: int


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day; `short` where the year is known."""

    day: date
    short: bool = False


@dataclass(frozen=True, slots=True)
class ExactTime:
    """A length of time that is added up: minutes and the seconds left over, nothing rounded."""

    ms: int


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
class Blank:
    """What a person fills in: shown as a dotted box, so that it is seen where to write."""

    lines: int = 1
    """How much room to leave for writing by hand."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The name of a metric, and which of its series where it has several."""

    name: Bilingual
    target: str = ""

    def read(self, lang: Lang) -> tuple[str, str]:
        """The name and the target as they stand beside one another.

        A word that ends the name does not begin the target again: `Idle GPU`, `3`.
        """
        name, (word, _, rest) = self.name(lang), self.target.partition(" ")
        return name, rest if rest and name.split()[-1:] == [word] else self.target


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
    | ExactTime
    | Share
    | Badge
    | Blank
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
class Approval:
    """A step of the approval box: who drafted, reviewed or approved, and when, once done."""

    step: Inline
    name: str = ""
    at: Inline = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The first page; title, period, system and organisation are those of the report.

    The table of contents below it is made from the headings of the report.
    """

    issue: Inline
    """Which issue of the document it is."""
    made: Inline
    """The day on which it was made out."""
    approvals: tuple[Approval, ...]
    rows: tuple[tuple[Inline, Inline], ...]
    """What the reader must know of the document: name and value of each row."""


@dataclass(frozen=True, slots=True)
class VerdictScore:
    """The one score of a report, in large type."""

    name: Inline
    value: Inline
    of: Inline
    """The unit and the most that can be reached."""


@dataclass(frozen=True, slots=True)
class VerdictBox:
    """The one line that an executive reads, and the details that qualify it."""

    state: State
    text: Inline
    details: tuple[Inline, ...]
    word: Phrase | None = None
    """What the state is called here, where not by its own name."""
    score: VerdictScore | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence that matters, details on it, and the data that it is based on.

    As a block of its own it begins a section.
    """

    state: State
    text: Inline
    details: tuple[Inline, ...]
    basis: Inline
    word: Phrase | None = None
    """What the state is called here, where not by its own name."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings, the gravest first."""

    items: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ActionItem:
    """What to do, why, until when, and who does it: a `Blank` where a person decides."""

    text: Inline
    basis: Inline
    due: Inline
    owner: Inline


@dataclass(frozen=True, slots=True)
class Actions:
    """What to do, the most urgent first."""

    id: str
    items: tuple[ActionItem, ...]


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
    totals: tuple[Inline, ...] = ()
    """A last row: of numeric columns the sum, as far as there is one; none where empty."""


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


class MarkKind(Enum):
    """What happened at a marked moment of a chart."""

    OUTAGE = "outage"
    DEPLOYMENT = "deployment"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class ChartMark:
    """A moment on a chart; an outage that is over lasts until `end_ms`."""

    kind: MarkKind
    t_ms: int
    text: Inline
    end_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastBand:
    """How a line goes on after its last value, in steps of its own; shapes (steps,)."""

    step_ms: int
    middle: Values
    low: Values
    high: Values
    name: Inline
    """What the band holds, for the legend."""
    crossing_ms: int | None = None
    """When the line is expected to meet a threshold."""
    earliest_ms: int | None = None
    latest_ms: int | None = None
    """The interval around it; None where it is open."""
    text: Inline = None
    """What stands at the crossing."""


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
    """The same series a week or four weeks earlier, drawn faintly for comparison."""
    thresholds: tuple[ThresholdLine, ...]
    worse: int
    """1: high is worse; -1: low is worse; 0: neither."""
    caption: Inline
    """What it shows; None where the sentence beside it says so."""
    how: Inline = None
    """Which value of each step is drawn; it stands beside the unit in the title."""
    ghost_name: Inline = None
    """What the ghost is; None for the same day a week earlier."""
    days_off: tuple[date, ...] = ()
    marks: tuple[ChartMark, ...] = ()
    forecast: ForecastBand | None = None
    """Of the first line."""
    alt: Inline = None
    """What it shows, for those who cannot see it; None where the caption says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBars:
    """A bar for each local day; shape (days,), NaN where there is no value."""

    id: str
    title: Inline
    unit: str
    days: tuple[date, ...]
    values: Values
    before: Values | None = None
    """What each day is compared with, as a short stroke; same shape."""
    before_name: Inline = None
    thresholds: tuple[ThresholdLine, ...] = ()
    worse: int = 0
    days_off: tuple[date, ...] = ()
    how: Inline = None
    caption: Inline = None
    alt: Inline = None


@dataclass(frozen=True, slots=True)
class NamedBar:
    """An amount of somebody or something; one that nobody used is hatched."""

    name: Inline
    value: float
    text: Inline
    """What stands beside it: the amount and its share."""
    idle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBars:
    """Amounts by name, from top to bottom."""

    id: str
    title: Inline
    unit: str
    bars: tuple[NamedBar, ...]
    how: Inline = None
    caption: Inline = None
    alt: Inline = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCurve:
    """A figure by load: measured up to the greatest load seen, estimated beyond; all (points,)."""

    id: str
    title: Inline
    unit: str
    load_name: Inline
    load_unit: str
    loads: Values
    """The loads of the measured points, ascending."""
    values: Values
    beyond_loads: Values
    beyond: Values
    low: Values
    high: Values
    """The band around `beyond`."""
    peak: float | None = None
    """The greatest load of the period."""
    peak_text: Inline = None
    thresholds: tuple[ThresholdLine, ...] = ()
    worse: int = 1
    how: Inline = None
    caption: Inline = None
    alt: Inline = None


AnyChart = Chart | DayBars | NamedBars | LoadCurve


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts side by side, or one across the page."""

    items: tuple[AnyChart, ...]
    columns: int = 2
    one_scale: bool = False
    """Whether values are drawn on the same scale in all of them, so that they compare."""
    height: int | None = None
    """Of each chart, in points of the page; None for what suits its width."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekHeatMap:
    """Means by weekday and hour, with their numbers; `values` has shape (7, 24), Monday first."""

    id: str
    title: Inline
    unit: str
    values: Values
    low: float
    high: float
    """The values of the lightest and the darkest shade."""
    alt: Inline = None


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


class Mark(Enum):
    """What a day of a matrix shows; each has a sign, so that none is told by colour alone."""

    NORMAL = "normal"
    MARKED = "marked"
    """Normal, with something to look at."""
    ABNORMAL = "abnormal"
    NOT_INSPECTED = "not_inspected"

    @property
    def sign(self) -> str:
        """One character, as wide as a digit or two."""
        return {"normal": "○", "marked": "△", "abnormal": "×", "not_inspected": "–"}[self.value]


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """An item on a day, and the sentence behind it."""

    mark: Mark
    text: Inline


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """An item on every day; None for a day that is not due."""

    name: Inline
    cells: tuple[MatrixCell | None, ...]


@dataclass(frozen=True, slots=True)
class DayMatrix:
    """Items by the days of a month; the share of days inspected ends each row."""

    id: str
    caption: Inline
    days: tuple[date, ...]
    days_off: tuple[date, ...]
    """Those of the days that are weekends or holidays."""
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class StripRow:
    """An area and its worst state on each day; None for a day without a state."""

    name: Inline
    states: tuple[State | None, ...]


@dataclass(frozen=True, slots=True)
class DayStrip:
    """Areas by days: the worst state of each day at a glance."""

    id: str
    caption: Inline
    days: tuple[date, ...]
    days_off: tuple[date, ...]
    rows: tuple[StripRow, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """The points that a value from a limit on brings, in the good direction."""

    limit: float
    points: float


class ScoreResult(Enum):
    """How an indicator came out."""

    MET = "met"
    MINIMUM = "minimum"
    MISSED = "missed"
    NOT_ENTERED = "not_entered"


class Rounding(Enum):
    """How a quotient gets its decimals."""

    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient:
    """A value as `factor * numerator / denominator`."""

    numerator: float
    denominator: float
    factor: float
    rounding: Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One indicator of a score sheet, with all that its points are computed from."""

    name: Inline
    how: Inline
    """How the value is found, in words."""
    unit: str
    decimals: int
    weight: float
    target: float
    minimum: float | None
    higher_is_better: bool
    value: float | None
    """As it is printed; None where it is not entered."""
    quotient: Quotient | None
    """What the value was computed from; None for one that is a count or was typed."""
    is_typed: bool
    bands: tuple[Band, ...]
    """The best first."""
    otherwise: float
    points: float | None
    score: float | None
    result: ScoreResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSheet:
    """The indicators of a contract's month, and their total."""

    id: str
    caption: Inline
    rows: tuple[ScoreRow, ...]
    entered_weight: float
    total: float
    """The scores of the rows that have one, added up."""
    percent: float | None
    """The total of 100, of the weights entered, with two decimals."""
    rounding: Rounding
    """How it got these."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section; level 1 is in the table of contents, `page` begins a new page."""

    id: str
    text: Inline
    level: int = 1
    page: bool = False
    landscape: bool = False
    """Whether its section is printed across the page: its tables are wide."""


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph; one with a state is highlighted in its colour."""

    text: Inline
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Short items, each with a remark; neighbours with the same remark form a group."""

    items: tuple[tuple[Inline, Inline], ...]


@dataclass(frozen=True, slots=True)
class BlockGroup:
    """Blocks that stay on one page: a finding, its chart, its table and a note."""

    blocks: tuple[Block, ...]


Block = (
    Cover
    | VerdictBox
    | Finding
    | Findings
    | Actions
    | Tiles
    | Table
    | Charts
    | HeatMap
    | WeekHeatMap
    | Timeline
    | DayMatrix
    | DayStrip
    | ScoreSheet
    | Heading
    | Note
    | Listing
    | BlockGroup
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who issues the report and about which system, as configured; empty where not."""

    organisation: str = ""
    system: Bilingual | str = ""
    version: str = ""
    """Of jipyo."""
    marking: Phrase | None = None
    """What every page and sheet says of the data: that they are made up."""

    def name_system(self, lang: str) -> str:
        """The system in a language."""
        return self.system if isinstance(self.system, str) else self.system(lang)


INCIDENT_KIND = "incident"
"""Before the number in the kind of an incident's report: `incident-12`."""


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
    look: Look = JIPYO_LOOK
    issue: int = 0
    """The number of its issue, set by `reports.archive`; 0 for one that is not issued."""

    @property
    def is_of_incident(self) -> bool:
        """Whether it is about one incident, whose days can change while it is one document."""
        return self.kind.startswith(f"{INCIDENT_KIND}-")


def find_figures(blocks: tuple[Block, ...]) -> list[Figure]:
    """Every figure in these blocks, in the order in which it is printed."""
    return [value for _, value in walk_values(blocks) if isinstance(value, Figure)]


def walk_values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value inside a report, with its path as `blocks[3].rows[0][2]`, the outer first."""
    yield path, value
    if isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from walk_values(item, f"{path}[{at}]")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            inner = f"{path}.{field.name}" if path else field.name
            yield from walk_values(getattr(value, field.name), inner)


def list_group(group: BlockGroup) -> tuple[Block, ...]:
    """Its blocks; a chart without words of its own is described by the finding beside it."""
    finding = next((block for block in group.blocks if isinstance(block, Finding)), None)
    text = finding.text if finding else None
    return tuple(_describe_charts(block, text) for block in group.blocks)


def _describe_charts(block: Block, text: Inline) -> Block:
    if isinstance(block, WeekHeatMap):
        return replace(block, alt=text if block.alt is None else block.alt)
    if not isinstance(block, Charts):
        return block
    items = (
        replace(chart, alt=text) if chart.alt is None and chart.caption is None else chart
        for chart in block.items
    )
    return replace(block, items=tuple(items))
