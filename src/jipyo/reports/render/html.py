"""A report as one HTML file: no script, nothing fetched, A4 when printed.

Every figure is a `<data>` element with the exact number, so a page can be read back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from jipyo.files import atomic_write
from jipyo.i18n import Lang, texts
from jipyo.model.errors import ReportError
from jipyo.model.figure import Figure
from jipyo.reports.charts import svg
from jipyo.reports.document import (
    Badge,
    Block,
    Chart,
    Charts,
    Code,
    Day,
    Finding,
    Findings,
    Heading,
    HeatMap,
    Inline,
    Joined,
    Listing,
    Moment,
    Note,
    Phrase,
    Quantity,
    Report,
    Subject,
    Table,
    ThresholdLine,
    Tile,
    Tiles,
    Timeline,
    VerdictBox,
)
from jipyo.reports.render.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

_OPEN, _CLOSE, _END = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}(.*?){_END}", re.DOTALL)
_OURS = str.maketrans(dict.fromkeys((_OPEN, _CLOSE, _END), "\ufffd"))
_CHART = svg.Size(400, 160)
_WIDE = 760
_SHORT = 12
"""A table of so many rows is not cut between pages."""


def render(report: Report, lang: Lang) -> str:
    """The whole page. The same report gives the same text."""
    page = _Page(report, Words.of(texts(lang), report.period))
    return "".join(page.html())


def write(report: Report, lang: Lang, out_dir: Path) -> Path:
    """Write the page into the folder, whole or not at all, and tell where.

    Raises:
        ReportError: the folder cannot be written to.
    """
    path = out_dir / f"jipyo-{report.kind}-{report.period.day.isoformat()}.{lang}.html"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(render(report, lang).encode())
    except OSError as error:
        raise ReportError(
            "reports.not_written",
            hint="reports.not_written.hint",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    return path


@cache
def _style() -> str:
    return resources.files(__package__).joinpath("report.css").read_text("utf-8")


@dataclass(slots=True)
class _Page:
    """One rendering: a report and its reader."""

    report: Report
    words: Words
    marks: list[str] = field(default_factory=list)

    def html(self) -> Iterator[str]:
        lang = self.words.texts.lang
        title = f"{self.say(self.report.title)} · {self.say(Day(self.report.period.day))}"
        yield (
            f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{_text(title)}</title>\n<style>{self._page_style()}{_style()}</style>\n"
            "</head>\n<body>\n"
        )
        yield self.cover()
        first, rest = _first_page(self.report.blocks)
        yield "<main>\n" + "".join(map(self.block, first)) + self.contents(rest)
        for blocks in _sections(rest):
            yield f"<section>\n{''.join(map(self.block, blocks))}</section>\n"
        yield f"</main>\n<footer>{self.footer()}</footer>\n</body>\n</html>\n"

    def _page_style(self) -> str:
        number = _css_text(f"{self.report.number} · {self.say(Day(self.report.period.day))}")
        return (
            f"@page{{@bottom-left{{content:{number}}}"
            '@bottom-right{content:counter(page) " / " counter(pages)}}'
        )

    # --- words

    def say(self, part: Inline) -> str:
        """Plain text."""
        return self.words.say(part)

    def inline(self, part: Inline) -> str:
        """A part as HTML within a line: its figures keep their exact numbers."""
        escaped = _text(self._marked(part))
        return _MARK.sub(self._put, escaped).replace("\n", "<br>")

    def _marked(self, part: Inline) -> str:  # noqa: PLR0911 - one case a kind
        """The text with figures, badges and code between marks that escaping leaves alone."""
        match part:
            case Phrase():
                filled = {name: self._marked(value) for name, value in part.values}
                return self.words.texts(part.key, **filled)
            case Joined():
                return part.by.join(map(self._marked, part.parts))
            case Figure(proportion=None) if part.value is not None:
                return self._mark(self._data(part), self.say(part))
            case Figure() if part.value is not None:
                value = self._marked(replace(part, proportion=None))
                cases = self._mark("<span class='cases'>", f"({self.words.counted(part)})")
                return f"{value} {cases}"
            case Quantity():
                return self._mark("<span class='n'>", self.say(part))
            case Badge():
                return self._mark(f'<span class="badge {part.state.value}">', self.say(part))
            case Code():
                return self._mark("<code>", self.say(part))
            case _:
                return self.say(part).translate(_OURS)

    def _mark(self, tag: str, said: str) -> str:
        self.marks.append(tag)
        return f"{_OPEN}{len(self.marks) - 1}{_CLOSE}{said.translate(_OURS)}{_END}"

    def _put(self, match: re.Match[str]) -> str:
        tag = self.marks[int(match[1])]
        name = re.match(r"<(\w+)", tag)
        assert name is not None, f"BUG: {tag} is no tag"
        return f"{tag}{match[2]}</{name[1]}>"

    def _data(self, figure: Figure) -> str:
        t = self.words.texts
        said = t(
            "reports.figure.title",
            how=t(f"reports.how.{figure.fold.value}"),
            exporter=figure.exporter or "up",
            samples=f"{figure.samples:,}",
            coverage=self.words.share(figure.coverage),
        )
        return f'<data value="{figure.value!r}" title="{_text(said)}">'

    # --- the page's parts

    def cover(self) -> str:
        report, t = self.report, self.words.texts
        system = report.issuer.system or ", ".join(report.instances[:3])
        about = [
            ("reports.cover.organisation", report.issuer.organisation),
            ("reports.cover.system", system),
            ("reports.cover.number", report.number),
            ("reports.cover.made", self.say(Moment(report.made_ms, dated=True))),
            ("reports.cover.zone", report.period.zone),
        ]
        items = "".join(
            f"<div><dt>{_text(t(key))}</dt><dd>{_text(value)}</dd></div>"
            for key, value in about
            if value
        )
        return (
            f'<header class="cover"><div><h1>{_text(self.say(report.title))}</h1>'
            f'<p class="day"><time datetime="{report.period.day.isoformat()}">'
            f"{_text(self.say(Day(report.period.day)))}</time></p></div>"
            f"<dl>{items}</dl></header>\n"
        )

    def contents(self, blocks: Sequence[Block]) -> str:
        heads = [block for block in blocks if isinstance(block, Heading) and block.level == 1]
        items = "".join(
            f'<li><a href="#{head.id}">{self.inline(head.text)}</a></li>' for head in heads
        )
        name = _text(self.words.texts("reports.contents"))
        return f'<nav class="contents" aria-label="{name}"><ol>{items}</ol></nav>\n'

    def footer(self) -> str:
        t = self.words.texts
        version = self.report.issuer.version
        return _text(
            t("reports.footer", version=f" {version}" if version else "", number=self.report.number)
        )

    def block(self, block: Block) -> str:  # noqa: PLR0911 - one case a kind
        match block:
            case VerdictBox():
                return self.verdict(block)
            case Findings():
                return f'<ol class="findings">{"".join(map(self.finding, block.items))}</ol>\n'
            case Tiles():
                return f'<div class="tiles">{"".join(map(self.tile, block.items))}</div>\n'
            case Table():
                return self.table(block)
            case Charts():
                return f'<div class="charts">{"".join(map(self.chart, block.items))}</div>\n'
            case HeatMap():
                return self.heat(block)
            case Timeline():
                return self.timeline(block)
            case Heading():
                tag = f"h{block.level + 1}"
                css = ' class="page"' if block.page else ""
                return f'<{tag} id="{block.id}"{css}>{self.inline(block.text)}</{tag}>\n'
            case Note():
                css = f"note {block.state.value}" if block.state else "note"
                return f'<p class="{css}">{self.inline(block.text)}</p>\n'
            case _:
                return self.listing(block)

    def verdict(self, verdict: VerdictBox) -> str:
        details = "".join(f"<li>{self.inline(one)}</li>" for one in verdict.details)
        return (
            f'<section class="verdict {verdict.state.value}"><p class="line">'
            f'<span class="badge {verdict.state.value}">'
            f"{_text(self.words.state(verdict.state))}</span> "
            f"<strong>{self.inline(verdict.text)}</strong></p><ul>{details}</ul></section>\n"
        )

    def finding(self, finding: Finding) -> str:
        details = " ".join(map(self.inline, finding.details))
        return (
            f'<li class="{finding.state.value}"><p class="what">{self.inline(finding.text)}</p>'
            f'<p class="more">{details}</p>'
            f'<p class="basis">{self.inline(finding.basis)}</p></li>'
        )

    def tile(self, tile: Tile) -> str:
        state = tile.state.value if tile.state else "none"
        badge = (
            f'<span class="badge {state}">{_text(self.words.state(tile.state))}</span>'
            if tile.state
            else ""
        )
        name = self.say(tile.subject)
        shape = svg.sparkline(
            self.words.texts("reports.tile.shape", name=name), tile.shape, svg.Size(160, 30)
        )
        compared = "".join(f"<li>{self.inline(one)}</li>" for one in tile.compared)
        counted = self.words.counted(tile.figure)
        cases = f"<br>{_text(counted)}" if counted else ""
        return (
            f'<div class="tile {state}"><p class="name">{self.subject(tile.subject)}</p>'
            f'<p class="value">{self.inline(replace(tile.figure, proportion=None))}{badge}</p>'
            f'<p class="how">{self.inline(tile.note)}{cases}</p>{shape}<ul>{compared}</ul></div>'
        )

    def subject(self, subject: Subject) -> str:
        name = _text(self.say(subject.name))
        return (
            f'{name} <span class="target">{_text(subject.target)}</span>'
            if subject.target
            else name
        )

    def table(self, table: Table) -> str:
        head = "".join(
            f'<th scope="col"{_number(column.number)}>{self.inline(column.title)}</th>'
            for column in table.columns
        )
        css = ' class="wide"' if table.wide else ""
        rows = "".join(f"<tr>{self.row(table, row)}</tr>\n" for row in table.rows)
        short = " short" if len(table.rows) <= _SHORT else ""
        return (
            f'<div class="scroll{short}" tabindex="0" role="region" '
            f'aria-labelledby="{table.id}-caption">'
            f'<table id="{table.id}-table"{css}><caption id="{table.id}-caption">'
            f"{self.inline(table.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
        )

    def row(self, table: Table, row: Sequence[Inline]) -> str:
        cells = [f'<th scope="row">{self.cell(row[0])}</th>']
        cells += (
            f"<td{_number(column.number)}>{self.cell(part)}</td>"
            for column, part in zip(table.columns[1:], row[1:], strict=True)
        )
        return "".join(cells)

    def cell(self, part: Inline) -> str:
        return self.subject(part) if isinstance(part, Subject) else self.inline(part)

    def listing(self, listing: Listing) -> str:
        parts: list[str] = []
        for remark, items in groupby(listing.items, key=lambda item: self.say(item[1])):
            names = "".join(f"<li>{self.inline(name)}</li>" for name, _ in items)
            parts.append(f"<dt>{_text(remark)}</dt><dd><ul>{names}</ul></dd>")
        return f'<dl class="listing">{"".join(parts)}</dl>\n'

    # --- drawings

    def chart(self, chart: Chart) -> str:
        caption = self.say(chart.caption)
        title = self.say(chart.title)
        steps = chart.lines[0].values.size
        axes = svg.Axes(
            t_ms=chart.start_ms + chart.step_ms * np.arange(1, steps + 1, dtype=np.int64),
            zone=self.words.zone,
            written=lambda value: self.words.texts.number(value, chart.unit),
            step_base=1024 if chart.unit.startswith("bytes") else 10,
            worse=chart.worse,
            top=100.0 if chart.unit == "percent" else None,
        )
        plot = svg.Plot(
            title=title,
            description=caption,
            axes=axes,
            lines=[
                svg.PlotLine(self._line_name(chart, line.name), line.values) for line in chart.lines
            ],
            limits=[self._limit(chart, limit) for limit in chart.limits],
            band=self._band(chart),
            ghost=self._ghost(chart),
        )
        return (
            f'<figure id="{chart.id}"><figcaption><b>{_text(title)}</b> '
            f"<span>{self.inline(chart.caption)}</span></figcaption>"
            f"{svg.time_series(plot, _CHART)}</figure>"
        )

    def _line_name(self, chart: Chart, name: str) -> str:
        return name or (self.words.texts("reports.legend.today") if chart.ghost else "")

    def _limit(self, chart: Chart, limit: ThresholdLine) -> svg.PlotThreshold:
        value = self.words.texts.number(limit.value, chart.unit)
        label = self.words.texts(f"reports.limit.{limit.level}", value=value)
        return svg.PlotThreshold(limit.level, limit.value, label)

    def _band(self, chart: Chart) -> svg.PlotBand | None:
        if chart.others is None:
            return None
        name = self.words.texts("reports.legend.others", n=chart.others_count)
        return svg.PlotBand(name, chart.others[0].values, chart.others[1].values)

    def _ghost(self, chart: Chart) -> svg.PlotLine | None:
        if chart.ghost is None:
            return None
        return svg.PlotLine(self.words.texts("reports.legend.last_week"), chart.ghost.values)

    def heat(self, heat: HeatMap) -> str:
        number = self.words.texts.number
        title = self.words.texts(
            "reports.heat.title",
            name=self.say(heat.title),
            low=number(heat.low, heat.unit),
            high=number(heat.high, heat.unit),
        )
        plot = svg.HeatPlot(
            title=title,
            rows=heat.rows,
            columns=[_hour(t_ms, self.words.zone) for t_ms in heat.hours_ms],
            values=heat.values,
            low=heat.low,
            high=heat.high,
            written=lambda v: self.words.texts.number(None if np.isnan(v) else v, heat.unit),
        )
        return (
            f'<figure class="whole"><figcaption><b>{_text(title)}</b></figcaption>'
            f"{svg.heat(plot, _WIDE)}</figure>\n"
        )

    def timeline(self, timeline: Timeline) -> str:
        rows = [
            svg.TimelineTrack(
                self.say(row.subject),
                [
                    svg.TimelineMark(one.start_ms, one.end_ms, one.level, self.say(one.text))
                    for one in row.stretches
                ],
            )
            for row in timeline.rows
        ]
        period = self.report.period
        drawn = svg.timeline(
            self.say(timeline.title),
            rows,
            svg.TimeRange(period.start_ms, period.end_ms, self.words.zone),
            _WIDE,
        )
        return f'<figure class="whole">{drawn}</figure>\n'


def _first_page(blocks: Sequence[Block]) -> tuple[Sequence[Block], Sequence[Block]]:
    """What stands before the first heading that begins a page, and the rest."""
    for index, block in enumerate(blocks):
        if isinstance(block, Heading) and block.page:
            return blocks[:index], blocks[index:]
    return blocks, ()


def _sections(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    section: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1 and section:
            yield section
            section = []
        section.append(block)
    if section:
        yield section


def _hour(t_ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(t_ms / 1000, UTC).astimezone(zone):%H}"


def _number(number: bool) -> str:
    return ' class="n"' if number else ""


def _text(raw: str) -> str:
    """Text that is safe in HTML and in attributes."""
    return svg.text(raw)


def _css_text(raw: str) -> str:
    """A CSS string that cannot end itself, nor the style element."""
    safe = "".join(c if c.isalnum() or c in " -·()," else f"\\{ord(c):x} " for c in raw)
    return f'"{safe}"'
