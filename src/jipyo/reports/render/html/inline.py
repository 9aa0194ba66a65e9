"""Inline parts as HTML: escaped text, in which figures keep their exact numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.calendar import local_time
from jipyo.model.figure import Delta, Figure
from jipyo.reports.charts.svg import escape_text
from jipyo.reports.document import (
    Badge,
    Blank,
    Code,
    Day,
    Duration,
    ExactTime,
    Inline,
    Moment,
    Quantity,
    Share,
    Subject,
)
from jipyo.reports.render.numbers import drop_units
from jipyo.reports.render.runs import SIGNS, Cases, list_runs

if TYPE_CHECKING:
    from jipyo.reports.render.runs import Run
    from jipyo.reports.wording import Localizer


@dataclass(frozen=True, slots=True)
class InlineHtml:
    """Writes the inline parts of one report in one language."""

    localizer: Localizer

    def write(self, part: Inline) -> str:
        """The part as HTML within a line; line feeds become breaks."""
        return "".join(map(self._write_run, list_runs(part, self.localizer)))

    def write_cell(self, part: Inline, unit: str = "") -> str:
        """The part in a cell of a table, without the unit that its column's head has.

        A subject's target is set apart from its name.
        """
        if isinstance(part, Subject):
            return self.write_subject(part)
        return "".join(map(self._write_run, drop_units(list_runs(part, self.localizer), unit)))

    def write_subject(self, subject: Subject) -> str:
        """The name of a metric and, less prominent, which of its series."""
        name, target = map(escape_text, subject.read(self.localizer.texts.lang))
        return f'{name} <span class="target">{target}</span>' if target else name

    def _write_run(self, run: Run) -> str:  # noqa: PLR0911 - one case per type
        text = escape_text(run.text).replace("\n", "<br>")
        match run.element:
            case Figure() as figure:
                return f"{self._open_data(figure)}{text}</data>"
            case Moment(t_ms):
                moment = local_time(t_ms, self.localizer.zone).isoformat(timespec="seconds")
                return f'<time class="n" datetime="{moment}">{text}</time>'
            case Day(day):
                return f'<time class="n" datetime="{day.isoformat()}">{text}</time>'
            case Quantity() | Delta() | Duration() | ExactTime() | Share():
                return f'<span class="n">{text}</span>'
            case Badge(state):
                own = " own" if run.text[:1] in SIGNS else ""
                return f'<span class="badge {state.value}{own}">{text}</span>'
            case Blank(lines):
                css = "blank" if lines == 1 else f"blank tall{min(lines, 9)}"
                return f'<span class="{css}">{text}</span>'
            case Code():
                return f"<code>{text}</code>"
            case Cases():
                return f'<span class="cases">{text}</span>'
            case None:
                return text

    def _open_data(self, figure: Figure) -> str:
        """The tag of a figure: its exact value, and in the tooltip what it was computed from."""
        t = self.localizer.texts
        title = t(
            "reports.figure.title",
            how=self.localizer.text(f"reports.how.{figure.fold.value}"),
            exporter=figure.exporter or "up",
            samples=f"{figure.samples:,}",
            coverage=self.localizer.format_share(figure.coverage),
        )
        return f'<data value="{figure.value!r}" title="{escape_text(title)}">'
