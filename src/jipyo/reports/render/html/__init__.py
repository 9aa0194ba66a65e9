"""A report as one HTML file: no script, nothing fetched, A4 when printed.

Every figure is a `<data>` element with the exact number, so a page can be read back.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from jipyo.reports.charts.svg import escape_text
from jipyo.reports.document import Block, Cover, Heading, Report
from jipyo.reports.look import JIPYO_LOOK, Look
from jipyo.reports.render.cover import list_cover_lines
from jipyo.reports.render.html.blocks import write_block
from jipyo.reports.render.html.fonts import embed_font, list_dashboard_slices
from jipyo.reports.render.html.inline import InlineHtml
from jipyo.reports.render.sections import split_sections
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.i18n import Lang


def render_html(report: Report, lang: Lang) -> bytes:
    """The whole page, in UTF-8, with the letters of its font.

    The same report gives the same bytes.
    """
    localizer = Localizer.for_period(report.period, lang)
    inline = InlineHtml(localizer)
    first_blocks, *sections = split_sections(report.blocks)
    # The table of contents follows a cover, and the first page where there is no cover.
    cover = [block for block in first_blocks if isinstance(block, Cover)]
    rest = [block for block in first_blocks if not isinstance(block, Cover)]
    before, first_page = _write_blocks(cover, inline), _write_blocks(rest, inline)
    contents = _write_contents(report, inline)
    first_page = f"{before}{contents}{first_page}" if cover else f"{first_page}{contents}"
    version = f" {report.issuer.version}" if report.issuer.version else ""
    footer = localizer.texts("reports.footer", version=version, number=report.number)
    body = "".join(
        f"<section{_choose_page(section)}>\n{_write_blocks(section, inline)}</section>\n"
        for section in sections
    )
    content = (
        f"<body>\n{_write_marking(report, localizer)}{_write_cover(report, localizer)}<main>\n"
        f"{first_page}"
        f"{body}</main>\n"
        f"<footer>{escape_text(footer)}</footer>\n</body>\n</html>\n"
    )
    font = embed_font(content, list_dashboard_slices())
    head = _write_head(report, localizer, font)
    return f'<!doctype html>\n<html lang="{lang}">\n{head}{content}'.encode()


def _write_blocks(blocks: Iterable[Block], inline: InlineHtml) -> str:
    return "".join(write_block(block, inline) for block in blocks)


def _choose_page(section: list[Block]) -> str:
    heading = section[0]
    is_wide = isinstance(heading, Heading) and heading.landscape
    return ' class="landscape"' if is_wide else ""


def _write_head(report: Report, localizer: Localizer, font: str) -> str:
    period = localizer.format_period()
    style = resources.files(__package__).joinpath("report.css").read_text("utf-8")
    title = escape_text(f"{localizer.format(report.title)} · {period}")
    return (
        '<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n"
        f"<style>@page{{@bottom-left{{content:{_quote_css(f'{report.number} · {period}')}}}"
        '@bottom-right{content:counter(page) " / " counter(pages)}}'
        f"{style}{_write_colours(report.look)}{font}</style>\n</head>\n"
    )


def _write_colours(look: Look) -> str:
    """The colours of the site, on light ground and on paper: on dark they could not be read."""
    own = f"--cover:{look.accent};--accent:{look.accent};--s0:{look.line}"
    light = "screen and (prefers-color-scheme:light),print"
    return "" if look == JIPYO_LOOK else f"@media {light}{{:root{{{own}}}}}"


def _quote_css(text: str) -> str:
    """A CSS string that can end neither itself nor the style element."""
    safe = "".join(c if c.isalnum() or c in " -·()," else f"\\{ord(c):x} " for c in text)
    return f'"{safe}"'


def _write_marking(report: Report, localizer: Localizer) -> str:
    """A strip that stays in sight, and is printed on every page."""
    if report.issuer.marking is None:
        return ""
    return (
        f'<aside class="marking">{escape_text(localizer.format(report.issuer.marking))}</aside>\n'
    )


def _write_cover(report: Report, localizer: Localizer) -> str:
    items = "".join(
        f"<div><dt>{escape_text(name)}</dt><dd>{escape_text(value)}</dd></div>"
        for name, value in list_cover_lines(report, localizer)
    )
    return (
        f'<header class="cover"><div>{_write_logo(report)}'
        f"<h1>{escape_text(localizer.format(report.title))}</h1>"
        f'<p class="day"><time datetime="{report.period.first_day.isoformat()}">'
        f"{escape_text(localizer.format_period())}</time></p></div>"
        f"<dl>{items}</dl></header>\n"
    )


def _write_logo(report: Report) -> str:
    """The logo on a patch of paper: it was made for a light ground."""
    logo = report.look.logo
    if logo is None:
        return ""
    name = escape_text(report.issuer.organisation or "jipyo")
    source = f"data:{logo.media_type};base64,{logo.base64}"
    return f'<img class="logo" alt="{name}" src="{source}">'


def _write_contents(report: Report, inline: InlineHtml) -> str:
    """Links to the sections; the first page needs none."""
    _, *sections = split_sections(report.blocks)
    items = "".join(
        f'<li><a href="#{block.id}">{inline.write(block.text)}</a></li>'
        for blocks in sections
        for block in blocks
        if isinstance(block, Heading) and block.level == 1
    )
    if not items:
        return ""
    name = escape_text(inline.localizer.texts("reports.contents"))
    return f'<nav class="contents" aria-label="{name}"><ol>{items}</ol></nav>\n'
