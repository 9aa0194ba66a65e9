"""How a site wants its reports: logo, colours, sections and words of its own, as values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jipyo.reports.document import Heading, Note
from jipyo.reports.look import Look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jipyo.model.bilingual import Bilingual
    from jipyo.reports.document import Block

COVER = "cover"
"""Where a text of its own may stand beside the sections."""


@dataclass(frozen=True, slots=True)
class SectionChoice:
    """What a site wants of a section or chapter."""

    shown: bool = True
    before: Bilingual | None = None
    """A text of its own, below the heading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTemplate:
    """How a site wants its reports; whatever it does not say is as jipyo has it."""

    system: Bilingual | None = None
    """The name of the system, on the cover and in headers."""
    look: Look = field(default_factory=Look)
    sections: Mapping[str, SectionChoice] = field(default_factory=dict)
    """By the id of a section, of a chapter, or `COVER`."""

    def find(self, section: str) -> SectionChoice:
        """What is wanted of a section."""
        return self.sections.get(section, SectionChoice())

    def without_text(self, section: str) -> SiteTemplate:
        """The same without the text of a section."""
        choice = replace(self.find(section), before=None)
        return replace(self, sections={**self.sections, section: choice})


def add_own_text(section: str, blocks: Iterable[Block], template: SiteTemplate) -> Iterator[Block]:
    """The blocks of a section with the site's text below its heading; nothing without blocks."""
    text = template.find(section).before
    for at, block in enumerate(blocks):
        if at == 0 and text is not None and not isinstance(block, Heading):
            yield Note(text)
        yield block
        if at == 0 and text is not None and isinstance(block, Heading):
            yield Note(text)
