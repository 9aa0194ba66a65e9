"""Inline parts as HTML: escaped text, in which figures keep their exact numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jipyo.model.figure import Figure
from jipyo.reports.charts.svg import escape_text
from jipyo.reports.document import Badge, Code, Inline, Joined, Phrase, Quantity, Subject

if TYPE_CHECKING:
    from jipyo.reports.wording import Localizer

# Three private characters mark where an element begins and ends while a sentence is put
# together, so that the text can be escaped and take its Korean particles before it has tags.
_OPEN, _CLOSE, _END = "\ue000", "\ue001", "\ue002"
_ELEMENT = re.compile(f"{_OPEN}(\\d+){_CLOSE}(.*?){_END}", re.DOTALL)
_WITHOUT_MARKS = str.maketrans(dict.fromkeys((_OPEN, _CLOSE, _END), "\ufffd"))


@dataclass(frozen=True, slots=True)
class InlineHtml:
    """Writes the inline parts of one report in one language."""

    localizer: Localizer
    _tags: list[str] = field(default_factory=list)

    def write(self, part: Inline) -> str:
        """The part as HTML within a line; line feeds become breaks."""
        escaped = escape_text(self._mark_elements(part))
        return _ELEMENT.sub(self._write_element, escaped).replace("\n", "<br>")

    def write_cell(self, part: Inline) -> str:
        """The part in a cell of a table, where a subject's target is set apart from its name."""
        return self.write_subject(part) if isinstance(part, Subject) else self.write(part)

    def write_subject(self, subject: Subject) -> str:
        """The name of a metric and, less prominent, which of its series."""
        name = escape_text(self.localizer.format(subject.name))
        target = f' <span class="target">{escape_text(subject.target)}</span>'
        return name + (target if subject.target else "")

    def _mark_elements(self, part: Inline) -> str:  # noqa: PLR0911 - one case per type
        """Plain text, with marks where figures, quantities, badges and code begin and end."""
        text = self.localizer.format
        match part:
            case Phrase():
                values = {name: self._mark_elements(value) for name, value in part.values}
                return self.localizer.texts(part.key, **values)
            case Joined():
                return part.by.join(map(self._mark_elements, part.parts))
            case Figure(proportion=None) if part.value is not None:
                return self._mark(self._open_data(part), text(part))
            case Figure() if part.value is not None:
                value = self._mark_elements(replace(part, proportion=None))
                cases = f"({self.localizer.describe_cases(part)})"
                return value + " " + self._mark('<span class="cases">', cases)
            case Quantity():
                return self._mark('<span class="n">', text(part))
            case Badge():
                return self._mark(f'<span class="badge {part.state.value}">', text(part))
            case Code():
                return self._mark("<code>", text(part))
            case _:
                return text(part).translate(_WITHOUT_MARKS)

    def _mark(self, tag: str, text: str) -> str:
        self._tags.append(tag)
        return f"{_OPEN}{len(self._tags) - 1}{_CLOSE}{text.translate(_WITHOUT_MARKS)}{_END}"

    def _write_element(self, match: re.Match[str]) -> str:
        tag = self._tags[int(match[1])]
        name = re.match(r"<(\w+)", tag)
        assert name is not None, f"BUG: {tag} is no tag"
        return f"{tag}{match[2]}</{name[1]}>"

    def _open_data(self, figure: Figure) -> str:
        """The tag of a figure: its exact value, and in the tooltip what it was computed from."""
        t = self.localizer.texts
        title = t(
            "reports.figure.title",
            how=t(f"reports.how.{figure.fold.value}"),
            exporter=figure.exporter or "up",
            samples=f"{figure.samples:,}",
            coverage=self.localizer.format_share(figure.coverage),
        )
        return f'<data value="{figure.value!r}" title="{escape_text(title)}">'
