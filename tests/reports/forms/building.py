"""Forms as offices make them, in a few lines, and reports to fill them with."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl

from jipyo.analysis.thresholds import State
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.reports.document import (
    Charts,
    ColumnHead,
    Day,
    Duration,
    Finding,
    Findings,
    Heading,
    Issuer,
    Moment,
    Quantity,
    Subject,
    Table,
    VerdictBox,
    phrase,
)
from jipyo.reports.forms.fill import FilledForm, build_book, fill_form
from jipyo.reports.render.hwpx.shapes import DECLARATION, NAMESPACES, write_header
from reports.documents import (
    DAY,
    HOUR,
    START,
    build_chart,
    build_figure,
    build_report,
    build_scores,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.i18n import Lang
    from jipyo.model.errors import ReportError
    from jipyo.reports.document import Block, Inline
    from jipyo.reports.forms.slots import SlotBook

NAMES = {
    "system.cpu": Bilingual("CPU 사용률", "CPU utilisation"),
    "system.gpu": Bilingual("GPU 사용률", "GPU utilisation"),
    "app.errors": Bilingual("오류", "Errors"),
}
CPU = NAMES["system.cpu"]


def build_incidents(*rows: tuple[Inline, ...]) -> Table:
    """A table of incidents: when, how long, what."""
    columns = (
        ColumnHead(phrase("reports.column.began"), numeric=True),
        ColumnHead(phrase("reports.column.duration"), numeric=True),
        ColumnHead(phrase("reports.column.what"), numeric=False),
    )
    return Table("incidents", phrase("reports.incidents.caption"), columns, rows)


INCIDENTS = build_incidents(
    (Moment(START), Duration(HOUR), Subject(CPU, "node-1")),
    (Moment(START + HOUR), Duration(2 * HOUR), "<b> & \"'"),
    (Moment(START + 2 * HOUR), Duration(HOUR // 2), "셋째\n두 줄"),
)
VERDICT = VerdictBox(
    State.WARNING, phrase("reports.verdict.ok", n=3), ("자세한 내용", "둘째"), None
)
FINDINGS = Findings(
    (
        Finding(State.CRITICAL, "첫째 내용", ("상세",), "근거"),
        Finding(State.WARNING, "둘째 내용", (), "근거"),
    )
)


def build_blocks(*incidents: Table) -> tuple[Block, ...]:
    """What a report on a day may have."""
    cpu, gpu0, gpu1 = (build_figure(value, "percent") for value in (91.26, 40.0, 50.5))
    figures = (
        replace(cpu, metric="system.cpu", series='{instance="node-1"}'),
        replace(gpu0, metric="system.gpu", series='{gpu="0",instance="node-1"}'),
        replace(gpu1, metric="system.gpu", series='{gpu="1",instance="node-1"}'),
    )
    head = (ColumnHead(phrase("reports.column.metric"), numeric=False),
            ColumnHead(phrase("reports.column.average"), numeric=True))  # fmt: skip
    rows = tuple((name, figure) for name, figure in zip("abc", figures, strict=True))
    sizes = Table(
        "sizes", "크기", head, (("disk", Quantity(3 * 1024**3, "bytes")), ("day", Day(DAY)))
    )
    chart = build_chart([1.0, 2.0, 3.0])
    chart = replace(chart, id="chart-system-cpu", title=CPU)
    return (
        VERDICT, FINDINGS, Heading("x", phrase("reports.section.findings")),
        Table("averages", "평균", head, rows), sizes, *incidents,
        replace(build_scores(), id="contract-scores"),        Charts((chart,)),
    )  # fmt: skip


def build_test_book(lang: Lang = "ko", *incidents: Table) -> SlotBook:
    """What the report of the test offers."""
    report = build_report(*build_blocks(*(incidents or (INCIDENTS,))))
    report = replace(report, issuer=Issuer(organisation="운영팀", system="상담 & <시스템>"))
    return build_book(report, NAMES, lang)


def fill(content: bytes, lang: Lang = "ko", *incidents: Table) -> FilledForm:
    """A form filled with that report."""
    return fill_form(content, build_test_book(lang, *incidents))


def read_error(error: ReportError, lang: Lang = "ko") -> str:
    """What a person reads of it."""
    return texts(lang).error(error)


# ----------------------------------------------------------------------------------------- HWPX


def paragraph(*runs: str, inside: str = "") -> str:
    """A paragraph whose runs have different shapes; with a line cache, as programs write it."""
    written = "".join(
        f'<hp:run charPrIDRef="{at % 3}"><hp:t>{text}</hp:t></hp:run>'
        for at, text in enumerate(runs)
    )
    return (
        f'<hp:p id="0" paraPrIDRef="1" styleIDRef="0">{written}{inside}<hp:linesegarray>'
        '<hp:lineseg textpos="0" vertpos="0"/></hp:linesegarray></hp:p>'
    )


PAGE = (
    '<hp:run charPrIDRef="0"><hp:secPr id="" textDirection="HORIZONTAL" spaceColumns="1134" '
    'tabStop="8000"><hp:pagePr landscape="WIDELY" width="60000" height="84000" '
    'gutterType="LEFT_ONLY"><hp:margin left="5000" right="5000" top="4000" bottom="4000" '
    'header="0" footer="0" gutter="0"/></hp:pagePr></hp:secPr></hp:run>'
)
"""What the first paragraph of a section says of its pages: 50,000 wide between the margins."""


def table(
    rows: Sequence[Sequence[str | None]],
    height: int = 2000,
    spans: dict[tuple[int, int], int] | None = None,
) -> str:
    """A table as a paragraph; a cell is its text, or paragraphs that are written already."""
    width, merged = 40_000 // max(map(len, rows)), spans or {}
    lines = []
    for row, cells in enumerate(rows):
        written = "".join(
            '<hp:tc hasMargin="0" borderFillIDRef="2"><hp:subList>'
            f"{text if text.startswith('<') else paragraph(text)}</hp:subList>"
            f'<hp:cellAddr colAddr="{column}" rowAddr="{row}"/>'
            f'<hp:cellSpan colSpan="1" rowSpan="{merged.get((row, column), 1)}"/>'
            f'<hp:cellSz width="{width}" height="{height}"/>'
            '<hp:cellMargin left="0" right="0" top="0" bottom="0"/></hp:tc>'
            for column, text in enumerate(cells)
            if text is not None
        )
        lines.append(f"<hp:tr>{written}</hp:tr>")
    inside = (
        f'<hp:run charPrIDRef="0"><hp:tbl id="77" rowCnt="{len(rows)}" colCnt="{len(rows[0])}" '
        f'borderFillIDRef="2"><hp:sz width="40000" height="{height * len(rows)}"/>'
        '<hp:inMargin left="200" right="200" top="100" bottom="100"/>'
        f"{''.join(lines)}</hp:tbl></hp:run>"
    )
    return paragraph(inside=inside)


def build_hwpx(*sections: str, **parts: bytes | str) -> bytes:
    """A form with these sections; `parts` replace or add others, `_` in a name being `/`."""
    names = ("header", *(f"section{at}" for at in range(len(sections))))
    items = "".join(
        f'<opf:item id="{name}" href="Contents/{name}.xml" media-type="application/xml"/>'
        for name in names
    )
    spine = "".join(f'<opf:itemref idref="{name}"/>' for name in names)
    entries: dict[str, bytes | str] = {
        "mimetype": "application/hwp+zip",
        "version.xml": f'{DECLARATION}<hv:HCFVersion xmlns:hv="v" major="5"/>',
        "META-INF/container.xml": (
            f'{DECLARATION}<ocf:container xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:'
            'container"><ocf:rootfiles><ocf:rootfile full-path="Contents/content.hpf" '
            'media-type="application/hwpml-package+xml"/></ocf:rootfiles></ocf:container>'
        ),
        "Contents/header.xml": write_header(),
        **{
            f"Contents/section{at}.xml": f"{DECLARATION}<hs:sec {NAMESPACES}>{body}</hs:sec>"
            for at, body in enumerate(sections)
        },
        "Contents/content.hpf": (
            f"{DECLARATION}<opf:package {NAMESPACES}><opf:manifest>{items}</opf:manifest>"
            f"<opf:spine>{spine}</opf:spine></opf:package>"
        ),
        "Preview/PrvText.txt": "{{문서번호}}",
        **{name.replace("__", "/"): content for name, content in parts.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def read_part(content: bytes, name: str = "Contents/section0.xml") -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read(name).decode()


def list_changed(form: bytes, filled: bytes) -> set[str]:
    """The parts that differ, or are new."""
    before, after = (zipfile.ZipFile(io.BytesIO(one)) for one in (form, filled))
    old = set(before.namelist())
    assert old <= set(after.namelist()), "nothing is lost"
    return {
        name
        for name in after.namelist()
        if name not in old or before.read(name) != after.read(name)
    }


# ----------------------------------------------------------------------------------------- XLSX


def build_xlsx(cells: Mapping[str, object], sheet: str = "보고") -> bytes:
    """A workbook with these cells."""
    book = openpyxl.Workbook()
    book.active.title = sheet
    for name, value in cells.items():
        book.active[name] = value
    return save(book)


def save(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
