"""The report of a period: its outline, walked over what was read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, name_period
from jipyo.reports.document import Block, Heading, Inline, Joined, Note, Phrase, Report, phrase
from jipyo.reports.options import KINDS, write_document_number
from jipyo.reports.outline import (
    OUTLINES,
    Chapter,
    Outline,
    ReportSection,
    choose_sections,
)
from jipyo.reports.sections.appendix import hash_catalogue
from jipyo.reports.sections.cover import list_system_names
from jipyo.reports.sections.logs import list_missing
from jipyo.reports.sections.missing import describe_error, list_incomplete
from jipyo.reports.sections.summary import find_report_state
from jipyo.reports.site_template import add_own_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.i18n import Lang
    from jipyo.model.calendar import Period
    from jipyo.model.errors import JipyoError
    from jipyo.reports.data import ReportData
    from jipyo.reports.document import Issuer
    from jipyo.reports.inputs import ReportInputs

_MOST_SYSTEMS = 3
"""Named below the title and in the header; the cover has all."""


def build(inputs: ReportInputs, outline: Outline | None = None) -> Report:
    """The report of a period; of one that still runs, as far as it has come.

    Args:
        inputs: what was read.
        outline: the sections, where they are not those of the period's kind.
    """
    data = inputs.data
    kind = data.period.kind
    return Report(
        kind=KINDS[kind],
        number=number_report(data.period, inputs.options.document_number),
        title=phrase(f"reports.{KINDS[kind]}.title"),
        period=data.period,
        cut_ms=data.window.end_ms,
        step_ms=data.window.step_ms,
        made_ms=inputs.made_ms,
        instances=_list_instances(data),
        catalogue=hash_catalogue(inputs.catalogue),
        state=find_report_state(inputs),
        incomplete=tuple(_list_incomplete(inputs)),
        blocks=tuple(walk_outline(outline or OUTLINES[kind], inputs)),
        issuer=_name_systems(inputs),
        look=inputs.template.look,
    )


def _name_systems(inputs: ReportInputs) -> Issuer:
    """The issuer, with the systems under contract where the site names no other."""
    issuer, names = inputs.issuer, list_system_names(inputs)
    if issuer.system or not names:
        return issuer

    def write(lang: Lang) -> str:
        text = ", ".join(name(lang) for name in names[:_MOST_SYSTEMS])
        left = len(names) - _MOST_SYSTEMS
        return texts(lang)("reports.and_more", names=text, n=left) if left > 0 else text

    return replace(issuer, system=Bilingual(write("ko"), write("en")))


def number_report(period: Period, pattern: str = "") -> str:
    """The number of the document: `JIPYO-D-20261121`, `JIPYO-M-202610`, or as the site has it.

    A pattern without `{kind}` is that of months: a day's report would have the number of its month.
    """
    kind = KINDS[period.kind]
    if pattern and (period.kind is PeriodKind.MONTH or "{kind}" in pattern):
        return write_document_number(pattern, kind, period)
    return f"JIPYO-{kind[0].upper()}-{name_period(period).replace('-', '')}"


def walk_outline(outline: Outline, inputs: ReportInputs) -> Iterator[Block]:
    """The blocks of all sections; chapters without any are left out, and take no number."""
    number = 0
    for part in choose_sections(outline, inputs.template):
        if isinstance(part, ReportSection):
            yield from _flow(part, inputs)
            continue
        # A chapter and a section of one name have one text, which stands below the chapter.
        own = replace(inputs, template=inputs.template.without_text(part.id))
        if len(part.sections) == 1:
            blocks = _leave_heading(tuple(_build_section(part.sections[0], own)))
        else:
            blocks = [block for section in part.sections for block in _nest(section, own)]
        if blocks:
            number += part.is_numbered
            chapter = _build_chapter(part, blocks, number)
            yield from add_own_text(part.id, chapter, inputs.template)


def _build_section(section: ReportSection, inputs: ReportInputs) -> Iterator[Block]:
    """Its blocks; where its input could not be read, the reason before what there is."""
    error = inputs.find_failure(section.id)
    if error is not None:
        yield Heading(section.id, phrase(f"reports.section.{section.id}"))
        yield Note(_describe_failure(section.id, error), State.UNKNOWN)
    yield from add_own_text(section.id, section.build(inputs), inputs.template)


def _flow(section: ReportSection, inputs: ReportInputs) -> Iterator[Block]:
    """The blocks of a section outside of chapters, which begins a page where the outline says."""
    begins = section.begins_page
    for block in _build_section(section, inputs):
        if isinstance(block, Heading) and not block.landscape:
            yield replace(block, page=begins)
            begins = False
        else:
            yield block


def _leave_heading(blocks: Sequence[Block]) -> list[Block]:
    """The blocks of a chapter's only section: where it has one heading, the chapter's says it."""
    first = [block for block in blocks if isinstance(block, Heading) and block.level == 1]
    if len(first) != 1 or len(blocks) == 1:
        return list(_lower(blocks))
    return [block for block in blocks if block is not first[0]]


def _nest(section: ReportSection, inputs: ReportInputs) -> Iterator[Block]:
    """The blocks with their headings below that of a chapter."""
    return _lower(tuple(_build_section(section, inputs)))


def _lower(blocks: Sequence[Block]) -> Iterator[Block]:
    deeper = any(isinstance(block, Heading) and block.level == 1 for block in blocks)
    for block in blocks:
        if isinstance(block, Heading):
            yield replace(block, level=block.level + deeper, page=block.landscape)
        else:
            yield block


def _build_chapter(chapter: Chapter, blocks: list[Block], number: int) -> Iterator[Block]:
    """Its heading, and its blocks with their headings numbered."""
    title = phrase(f"reports.chapter.{chapter.id}")
    yield Heading(
        f"chapter-{chapter.id}", _put_number(title, chapter, f"{number}."), page=chapter.begins_page
    )
    sections = 0
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2 and chapter.numbers_sections:
            sections += 1
            yield replace(block, text=_put_number(block.text, chapter, f"{number}.{sections}"))
        else:
            yield block


def _put_number(title: Inline, chapter: Chapter, number: str) -> Inline:
    return Joined((number, title)) if chapter.is_numbered else title


def _describe_failure(section: str, error: JipyoError) -> Phrase:
    name = phrase(f"reports.section.{section}")
    return phrase("reports.incomplete_section", section=name, text=describe_error(error))


def _list_incomplete(inputs: ReportInputs) -> Iterator[Phrase]:
    """A sentence for each reason why data of the period are not in the report."""
    yield from list_incomplete(inputs.data)
    for error in dict.fromkeys(error for result in inputs.levels for error in result.missing):
        yield phrase("reports.incomplete_slo", text=describe_error(error))
    yield from list_missing(inputs.logs)
    for failed in inputs.failed:
        yield _describe_failure(failed.section, failed.error)


def _list_instances(data: ReportData) -> tuple[str, ...]:
    """The instances that the data are from: those scraped, else those of the series."""
    labels = [target.labels for target in data.targets]
    if not labels:
        labels = [series.labels for entry in data.entries for series in entry.now.series]
    return tuple(sorted({one.get("instance", "") for one in labels} - {""}))
