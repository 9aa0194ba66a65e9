"""A report in a message: verdict, findings, key figures and service levels as Markdown."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from jipyo.reports.document import (
    Badge,
    BlockGroup,
    Finding,
    Findings,
    ScoreResult,
    ScoreSheet,
    Tiles,
    VerdictBox,
    list_group,
)
from jipyo.reports.render.scores import write_number
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.i18n import Lang
    from jipyo.reports.document import Block, Inline, Report, Tile

LONGEST = 3_000
"""Characters; chats cut messages from 4,000 on."""
_FINDINGS, _TILES = 5, 8
_SPECIAL = re.compile(r"([\\`*_\[\]<>~|#])")
_SPACES = re.compile(r"\s+")


def render_markdown(report: Report, lang: Lang) -> bytes:
    """The summary in UTF-8. The same report gives the same bytes."""
    return write_summary(report, lang).encode()


def write_summary(report: Report, lang: Lang, longest: int = LONGEST) -> str:
    """At most so many characters: whole lines, the gravest first, and how many are left out.

    Texts are escaped: none becomes a link, a mention or markup.
    """
    localizer = Localizer.for_period(report.period, lang)
    lines = list(_list_lines(report, localizer))
    left_out = 0
    while len(lines) > 1 and len(_join(lines, left_out, localizer)) > longest:
        lines.pop()
        left_out += 1
    return _join(lines, left_out, localizer)[:longest]


def _join(lines: list[str], left_out: int, localizer: Localizer) -> str:
    more = [localizer.texts("reports.markdown.more", n=left_out)] if left_out else []
    return "\n".join([*lines, *more]) + "\n"


def _list_lines(report: Report, localizer: Localizer) -> Iterator[str]:
    title = f"{localizer.format(report.title)} · {localizer.format_period()}"
    yield f"**{escape_markdown(title)}**"
    about = (
        report.issuer.organisation,
        report.issuer.name_system(localizer.texts.lang),
        report.number,
    )
    yield escape_markdown(" · ".join(filter(None, about)))
    if report.issuer.marking is not None:
        yield f"**{_write(report.issuer.marking, localizer)}**"
    blocks = list(_walk(report.blocks))
    for verdict in (block for block in blocks if isinstance(block, VerdictBox)):
        yield from _write_verdict(verdict, localizer)
    findings = [one for block in blocks if isinstance(block, Findings) for one in block.items]
    for number, finding in enumerate(findings[:_FINDINGS], 1):
        yield f"{number}. {_write_finding(finding, localizer)}"
    tiles = [tile for block in blocks if isinstance(block, Tiles) for tile in block.items]
    for tile in tiles[:_TILES]:
        yield f"- {_write_tile(tile, localizer)}"
    for sheet in (block for block in blocks if isinstance(block, ScoreSheet)):
        yield _write_scores(sheet, localizer)


def _walk(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, BlockGroup):
            yield from _walk(list_group(block))
        else:
            yield block


def _write_verdict(verdict: VerdictBox, localizer: Localizer) -> Iterator[str]:
    score = verdict.score
    if score is not None:
        parts = (score.name, score.value, score.of)
        yield f"**{' '.join(_write(part, localizer) for part in parts)}**"
    state = _write(Badge(verdict.state, verdict.word), localizer)
    yield f"**\\[{state}\\]** {_write(verdict.text, localizer)}"
    if verdict.details:
        yield " · ".join(_write(detail, localizer) for detail in verdict.details)


def _write_finding(finding: Finding, localizer: Localizer) -> str:
    state = _write(Badge(finding.state), localizer)
    return f"**\\[{state}\\]** {_write(finding.text, localizer)}"


def _write_tile(tile: Tile, localizer: Localizer) -> str:
    state = "" if tile.state is None else f" ({_write(Badge(tile.state), localizer)})"
    value = _write(tile.figure, localizer)
    return f"{_write(tile.subject, localizer)}: **{value}**{state}"


def _write_scores(sheet: ScoreSheet, localizer: Localizer) -> str:
    """How many indicators came out how, and the score of 100."""
    counts = Counter(row.result for row in sheet.rows)
    results = ", ".join(
        f"{localizer.texts(f'contract.result.{result.value}')} {counts[result]}"
        for result in ScoreResult
        if counts[result]
    )
    score = "–" if sheet.percent is None else write_number(sheet.percent, 2)
    return escape_markdown(localizer.texts("reports.markdown.scores", score=score, results=results))


def _write(part: Inline, localizer: Localizer) -> str:
    """The part on one line."""
    return escape_markdown(_SPACES.sub(" ", localizer.format(part)).strip())


def escape_markdown(text: str) -> str:
    """A text that shows as it is; `@` gets an invisible joiner, so that it mentions no one."""
    return _SPECIAL.sub(r"\\\1", text).replace("@", "@\u2060")
