"""Whether a finding says only what its section's tables say."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from jipyo.i18n import LANGS
from jipyo.reports.document import Block, BlockGroup, Finding, Table
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.i18n import Lang
    from jipyo.model.calendar import Period

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def list_leaves(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, those of groups one by one."""
    for block in blocks:
        yield from list_leaves(block.blocks) if isinstance(block, BlockGroup) else (block,)


def find_tables(blocks: Iterable[Block]) -> list[Table]:
    return [block for block in list_leaves(blocks) if isinstance(block, Table)]


def find_findings(blocks: Iterable[Block]) -> list[Finding]:
    return [block for block in list_leaves(blocks) if isinstance(block, Finding)]


def write_table(table: Table, localizer: Localizer) -> str:
    """The headings and all cells of a table as text."""
    heads = tuple(column.title for column in table.columns)
    rows = (heads, *table.rows, table.totals)
    return "\n".join(localizer.format(cell) for row in rows for cell in row)


def write_finding(finding: Finding, localizer: Localizer) -> str:
    """The finding without its basis."""
    return " ".join(map(localizer.format, (finding.text, *finding.details)))


def list_untraceable(blocks: Iterable[Block], period: Period, lang: Lang) -> list[str]:
    """The numbers of findings that no table of the section has."""
    localizer, blocks = Localizer.for_period(period, lang), list(blocks)
    known = {
        number
        for table in find_tables(blocks)
        for number in NUMBER.findall(write_table(table, localizer))
    }
    return [
        number
        for finding in find_findings(blocks)
        for number in NUMBER.findall(write_finding(finding, localizer))
        if number not in known
    ]


def check_section(blocks: Iterable[Block], period: Period) -> None:
    """What every section keeps: its numbers are quoted, and no NaN is printed."""
    leaves = list(list_leaves(blocks))
    for lang in LANGS:
        assert list_untraceable(leaves, period, lang) == []
        localizer = Localizer.for_period(period, lang)
        for text in list_texts(leaves, localizer):
            assert not re.search(r"\bnan\b|\binf\b", text, re.IGNORECASE), text
    for table in find_tables(leaves):
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert len(table.totals) in {0, len(table.columns)}


def list_texts(value: object, localizer: Localizer) -> Iterator[str]:
    """Every inline part of blocks, formatted."""
    if isinstance(value, tuple | list):
        for item in value:
            yield from list_texts(item, localizer)
    elif dataclasses.is_dataclass(value) and type(value).__name__ in _INLINE:
        yield localizer.format(value)  # type: ignore[arg-type]
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from list_texts(getattr(value, field.name), localizer)


_INLINE = frozenset(
    (
        *("Phrase", "Joined", "Bilingual", "Figure", "Quantity", "Delta", "Moment", "Duration"),
        *("Day", "Share", "Badge", "Subject"),
    )
)
