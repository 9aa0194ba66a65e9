"""The parts of an HWPX file, in a ZIP archive whose bytes depend on nothing else."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from jipyo.reports.charts.svg import escape_text
from jipyo.reports.render.hwpx.shapes import DECLARATION, NAMESPACES, write_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.reports.render.plain_blocks import Plain

_STAMP = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP archive can name."""
_VERSION = (
    f'{DECLARATION}<hv:HCFVersion xmlns:hv="http://www.hancom.co.kr/hwpml/2011/version" '
    'tagetApplication="WORDPROCESSOR" major="5" minor="1" micro="1" buildNumber="0" os="10" '
    'xmlVersion="1.5" application="jipyo" appVersion="1"/>'
)
_SETTINGS = (
    f'{DECLARATION}<ha:HWPApplicationSetting xmlns:ha="http://www.hancom.co.kr/hwpml/2011/app">'
    '<ha:CaretPosition listIDRef="0" paraIDRef="0" pos="0"/></ha:HWPApplicationSetting>'
)
_CONTAINER = (
    f"{DECLARATION}<ocf:container "
    'xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:container" '
    'xmlns:hpf="http://www.hancom.co.kr/schema/2011/hpf"><ocf:rootfiles>'
    '<ocf:rootfile full-path="Contents/content.hpf" media-type="application/hwpml-package+xml"/>'
    "</ocf:rootfiles></ocf:container>"
)
_MANIFEST = (
    f'{DECLARATION}<odf:manifest xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)


def pack(report: Plain, section: str, pictures: Sequence[bytes]) -> bytes:
    """The archive; the media type stands first and is not compressed, as readers look there."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content, is_compressed in _list_parts(report, section, pictures):
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED if is_compressed else zipfile.ZIP_STORED
            entry.create_system = 0
            archive.writestr(entry, content)
    return out.getvalue()


def _list_parts(
    report: Plain, section: str, pictures: Sequence[bytes]
) -> Iterator[tuple[str, str | bytes, bool]]:
    yield "mimetype", "application/hwp+zip", False
    yield "version.xml", _VERSION, True
    yield "Contents/header.xml", write_header(), True
    yield "Contents/section0.xml", section, True
    yield "settings.xml", _SETTINGS, True
    yield "Preview/PrvText.txt", report["title"], True
    yield "Contents/content.hpf", _write_content_list(report, len(pictures)), True
    yield "META-INF/container.xml", _CONTAINER, True
    yield "META-INF/manifest.xml", _MANIFEST, True
    for number, png in enumerate(pictures, 1):
        yield f"BinData/img{number:03}.png", png, False


def _write_content_list(report: Plain, pictures: int) -> str:
    made = report["made"]
    date = f"{made['year']:04}-{made['month']:02}-{made['day']:02}"
    time = f"{made['hour']:02}:{made['minute']:02}:{made['second']:02}"
    parts = (
        ("header", "Contents/header.xml"),
        ("section0", "Contents/section0.xml"),
        ("settings", "settings.xml"),
    )
    items = [
        f'<opf:item id="{name}" href="{file}" media-type="application/xml"/>'
        for name, file in parts
    ]
    items += [
        f'<opf:item id="img{number:03}" href="BinData/img{number:03}.png" media-type="image/png" '
        'isEmbeded="1"/>'
        for number in range(1, pictures + 1)
    ]
    return (
        f'{DECLARATION}<opf:package {NAMESPACES} version="" unique-identifier="" id="">'
        f"<opf:metadata><opf:title>{escape_text(report['title'])}</opf:title>"
        f"<opf:language>{report['lang']}</opf:language>"
        f'<opf:meta name="creator" content="text">{escape_text(report["author"])}</opf:meta>'
        f'<opf:meta name="CreatedDate" content="text">{date}T{time}Z</opf:meta></opf:metadata>'
        f"<opf:manifest>{''.join(items)}</opf:manifest><opf:spine>"
        '<opf:itemref idref="header" linear="yes"/><opf:itemref idref="section0" linear="yes"/>'
        "</opf:spine></opf:package>"
    )
