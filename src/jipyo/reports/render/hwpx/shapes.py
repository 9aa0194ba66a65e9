"""How characters, paragraphs and cells look in HWPX, and the part of the file that lists it.

Elements and their order are those of OWPML (KS X 6101). Lengths are HWPUNIT: 1/7,200 inch, so
100 are a point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FONT = "함초롬돋움"
"""It comes with Hancom Office; HWPX embeds no fonts."""
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("ha", "http://www.hancom.co.kr/hwpml/2011/app"),
        ("hp", "http://www.hancom.co.kr/hwpml/2011/paragraph"),
        ("hs", "http://www.hancom.co.kr/hwpml/2011/section"),
        ("hc", "http://www.hancom.co.kr/hwpml/2011/core"),
        ("hh", "http://www.hancom.co.kr/hwpml/2011/head"),
        ("hpf", "http://www.hancom.co.kr/schema/2011/hpf"),
        ("opf", "http://www.idpf.org/2007/opf/"),
    )
)
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_SCRIPTS = ("HANGUL", "LATIN", "HANJA", "JAPANESE", "OTHER", "SYMBOL", "USER")
_INK, _GREY, _NAVY, _RULE = "#1C2430", "#5A6573", "#12345F", "#C9D0D8"


@dataclass(frozen=True, slots=True)
class CharShape:
    """How characters look."""

    height: int
    bold: bool = False
    colour: str = _INK


@dataclass(frozen=True, slots=True)
class ParaShape:
    """How a paragraph stands."""

    align: str = "LEFT"
    spacing: int = 130
    """Of lines, in percent of the height of the characters."""
    above: int = 0
    below: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Fill:
    """The edges and the ground of a cell."""

    edges: str = "NONE"
    """NONE, ROW (thin, above and below), HEAD (dark, above and below) or BOX (all four)."""
    ground: str | None = None


CHARS = {
    "body": CharShape(1000),
    "title": CharShape(2000, bold=True, colour=_NAVY),
    "cover_title": CharShape(3000, bold=True, colour=_NAVY),
    "period": CharShape(1300, bold=True),
    "h1": CharShape(1400, bold=True, colour=_NAVY),
    "h2": CharShape(1100, bold=True),
    "strong": CharShape(1000, bold=True),
    "verdict": CharShape(1250, bold=True),
    "value": CharShape(1450, bold=True),
    "cell": CharShape(860),
    "head": CharShape(800, bold=True),
    "small": CharShape(720),
    "small_head": CharShape(680, bold=True),
    "note": CharShape(760, colour=_GREY),
    "ok": CharShape(820, bold=True, colour="#1C6B3F"),
    "pending": CharShape(820, bold=True, colour=_NAVY),
    "warning": CharShape(820, bold=True, colour="#6B4500"),
    "critical": CharShape(820, bold=True, colour="#8E1220"),
    "unknown": CharShape(820, bold=True, colour=_GREY),
}
PARAS = {
    "body": ParaShape(spacing=150, below=300),
    "cell": ParaShape(),
    "number": ParaShape(align="RIGHT"),
    "h1": ParaShape(above=1200, below=600),
    "h2": ParaShape(above=900, below=400),
    "caption": ParaShape(above=300, below=200),
    "indented": ParaShape(spacing=135, left=1200),
    "picture": ParaShape(spacing=100, above=100, below=100),
    "centre": ParaShape(align="CENTER"),
    "contents": ParaShape(spacing=170),
    "cover": ParaShape(above=9000, below=900),
}
FILLS = {
    "plain": Fill(),
    "row": Fill("ROW"),
    "head": Fill("HEAD", "#F3F5F8"),
    "box": Fill("BOX"),
    "tint": Fill("NONE", "#F3F5F8"),
    "warning": Fill("ROW", "#FDEECB"),
    "critical": Fill("ROW", "#F8DFE1"),
}
CHAR_IDS = {name: at for at, name in enumerate(CHARS)}
PARA_IDS = {name: at for at, name in enumerate(PARAS)}
FILL_IDS = {name: at for at, name in enumerate(FILLS, 1)}


def write_header() -> str:
    """`Contents/header.xml`: the same for every report."""
    fonts = "".join(
        f'<hh:fontface lang="{script}" fontCnt="1">'
        f'<hh:font id="0" face="{FONT}" type="TTF" isEmbedded="0"/></hh:fontface>'
        for script in _SCRIPTS
    )
    return (
        f'{DECLARATION}<hh:head {NAMESPACES} version="1.5" secCnt="1">'
        '<hh:beginNum page="1" footnote="1" endnote="1" pic="1" tbl="1" equation="1"/><hh:refList>'
        f'<hh:fontfaces itemCnt="{len(_SCRIPTS)}">{fonts}</hh:fontfaces>'
        f'<hh:borderFills itemCnt="{len(FILLS)}">{"".join(_write_fills())}</hh:borderFills>'
        f'<hh:charProperties itemCnt="{len(CHARS)}">{"".join(_write_chars())}</hh:charProperties>'
        '<hh:tabProperties itemCnt="1"><hh:tabPr id="0" autoTabLeft="0" autoTabRight="0"/>'
        '</hh:tabProperties><hh:numberings itemCnt="0"/>'
        f'<hh:paraProperties itemCnt="{len(PARAS)}">{"".join(_write_paras())}</hh:paraProperties>'
        '<hh:styles itemCnt="1"><hh:style id="0" type="PARA" name="바탕글" engName="Normal" '
        'paraPrIDRef="0" charPrIDRef="0" nextStyleIDRef="0" langID="1042" lockForm="0"/>'
        "</hh:styles></hh:refList>"
        '<hh:compatibleDocument targetProgram="HWP201X"><hh:layoutCompatibility/>'
        '</hh:compatibleDocument><hh:docOption><hh:linkinfo path="" pageInherit="0" '
        'footnoteInherit="0"/></hh:docOption><hh:metaTag>{"name":""}</hh:metaTag>'
        '<hh:trackchageConfig flags="56"/></hh:head>'
    )


def _write_fills() -> Iterator[str]:
    for name, fill in FILLS.items():
        sides = "".join(
            _write_edge(side, fill.edges, drawn=fill.edges == "BOX" or side in {"top", "bottom"})
            for side in ("left", "right", "top", "bottom")
        )
        slashes = "".join(
            f'<hh:{slash} type="NONE" Crooked="0" isCounter="0"/>'
            for slash in ("slash", "backSlash")
        )
        ground = (
            f'<hc:fillBrush><hc:winBrush faceColor="{fill.ground}" hatchColor="#000000" '
            'alpha="0"/></hc:fillBrush>'
            if fill.ground
            else ""
        )
        yield (
            f'<hh:borderFill id="{FILL_IDS[name]}" threeD="0" shadow="0" centerLine="NONE" '
            f'breakCellSeparateLine="0">{slashes}{sides}'
            f'<hh:diagonal type="NONE" width="0.1 mm" color="#000000"/>{ground}</hh:borderFill>'
        )


def _write_edge(side: str, edges: str, *, drawn: bool) -> str:
    kind = "SOLID" if drawn and edges != "NONE" else "NONE"
    width, colour = ("0.3 mm", _INK) if edges == "HEAD" else ("0.12 mm", _RULE)
    return f'<hh:{side}Border type="{kind}" width="{width}" color="{colour}"/>'


def _write_chars() -> Iterator[str]:
    def write_each(tag: str, value: int) -> str:
        values = " ".join(f'{script.lower()}="{value}"' for script in _SCRIPTS)
        return f"<hh:{tag} {values}/>"

    fixed = "".join(
        write_each(tag, value)
        for tag, value in (
            ("fontRef", 0), ("ratio", 100), ("spacing", 0), ("relSz", 100), ("offset", 0)
        )
    )  # fmt: skip
    for name, shape in CHARS.items():
        yield (
            f'<hh:charPr id="{CHAR_IDS[name]}" height="{shape.height}" '
            f'textColor="{shape.colour}" shadeColor="none" useFontSpace="0" useKerning="0" '
            f'symMark="NONE" borderFillIDRef="1">{fixed}{"<hh:bold/>" if shape.bold else ""}'
            '<hh:underline type="NONE" shape="SOLID" color="#000000"/>'
            '<hh:strikeout shape="NONE" color="#000000"/><hh:outline type="NONE"/>'
            '<hh:shadow type="NONE" color="#C0C0C0" offsetX="10" offsetY="10"/></hh:charPr>'
        )


def _write_paras() -> Iterator[str]:
    for name, shape in PARAS.items():
        margins = "".join(
            f'<hc:{side} value="{value}" unit="HWPUNIT"/>'
            for side, value in (
                ("intent", 0), ("left", shape.left), ("right", 0),
                ("prev", shape.above), ("next", shape.below),
            )
        )  # fmt: skip
        yield (
            f'<hh:paraPr id="{PARA_IDS[name]}" tabPrIDRef="0" condense="0" fontLineHeight="0" '
            'snapToGrid="0" suppressLineNumbers="0" checked="0">'
            f'<hh:align horizontal="{shape.align}" vertical="BASELINE"/>'
            '<hh:heading type="NONE" idRef="0" level="0"/>'
            '<hh:breakSetting breakLatinWord="KEEP_WORD" breakNonLatinWord="KEEP_WORD" '
            'widowOrphan="1" keepWithNext="0" keepLines="0" pageBreakBefore="0" '
            'lineWrap="BREAK"/><hh:autoSpacing eAsianEng="0" eAsianNum="0"/>'
            f"<hh:margin>{margins}</hh:margin>"
            f'<hh:lineSpacing type="PERCENT" value="{shape.spacing}" unit="HWPUNIT"/>'
            '<hh:border borderFillIDRef="1" offsetLeft="0" offsetRight="0" offsetTop="0" '
            'offsetBottom="0" connect="0" ignoreMargin="0"/></hh:paraPr>'
        )
