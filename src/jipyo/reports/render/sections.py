"""The blocks of a report in sections, as pages and sheets begin with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.document import Heading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.reports.document import Block


def split_sections(blocks: Iterable[Block]) -> list[list[Block]]:
    """The first page, and from the first heading that begins a page on the sections."""
    sections: list[list[Block]] = [[]]
    for block in blocks:
        if isinstance(block, Heading) and (block.page or (block.level == 1 and len(sections) > 1)):
            sections.append([])
        sections[-1].append(block)
    return sections
