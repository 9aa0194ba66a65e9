"""A form as an office has it, with slots in it, for the documentation (`make sample`).

It is written by our own writer of HWPX, so that it is no document of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.reports.render.hwpx.package import pack
from jipyo.reports.render.hwpx.section import (
    WIDTH,
    BodyPart,
    Grid,
    GridCell,
    Line,
    SectionWriter,
    TextSpan,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.i18n import Lang

TITLE = {"ko": "정보시스템 운영 월간 보고", "en": "Monthly report on the information system"}
_MADE = {"year": 2026, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
_ROW, _TALL, _SIGN, _CHART = 1_800, 2_900, 4_000, 10_500
"""Heights of cells in HWPUNIT: of one and of two lines, where people sign, and of the chart."""
_SUBTITLE = {
    "ko": "{{연도}}년 {{월}}월 · {{부서}} · 문서번호 {{문서번호}}",
    "en": "{{year}}-{{month}} · {{organisation}} · document {{number}}",
}
_SIGNED = {
    "ko": ("작성", "검토", "승인"),
    "en": ("Drafted", "Reviewed", "Approved"),
}
_FACTS = {
    "ko": (
        ("대상", "{{표지.계약}}", "수집률", "{{표지.데이터 수집률}}"),
        ("종합 판정", "{{종합판정}}", "점수", "{{점수}}점"),
        ("CPU 평균 / 최대", "{{CPU 전체 사용률.평균}} / {{CPU 전체 사용률.최대}}",
         "GPU 0 평균 / 최대", "{{GPU 사용률[0].평균}} / {{GPU 사용률[0].최대}}"),
        ("처리 건수(민원포털)", "{{초당 처리량(TPS)[portal].합계}}",
         "모델 정확도", "{{모델 정확도.비율}}"),
    ),
    "en": (
        ("Contract", "{{cover.Contract}}", "Coverage", "{{cover.Coverage}}"),
        ("Verdict", "{{verdict}}", "Score", "{{score}}"),
        ("CPU mean / max",
         "{{system.cpu.utilization.average}} / {{system.cpu.utilization.maximum}}",
         "GPU 0 mean / max",
         "{{system.gpu.utilization[0].average}} / {{system.gpu.utilization[0].maximum}}"),
        ("Requests (portal)", "{{app.throughput[portal].total}}",
         "Model accuracy", "{{ai.model.accuracy.ratio}}"),
    ),
}  # fmt: skip
_SLA = {
    "ko": (
        ("번호", "지표", "목표", "실적", "판정"),
        ("{{#SLA}}{{번호}}", "{{지표}}", "{{목표}}", "{{실적}}", "{{판정}}{{/SLA}}"),
    ),
    "en": (
        ("No.", "Indicator", "Target", "Actual", "Result"),
        ("{{#sla}}{{no}}", "{{Indicator}}", "{{Target}}", "{{Actual}}", "{{Result}}{{/sla}}"),
    ),
}
_ACTIONS = {
    "ko": (
        ("할 일", "기한", "담당"),
        ("{{#조치}}{{할 일}}", "{{기한}}", "{{담당}}{{/조치}}"),
    ),
    "en": (
        ("Action", "Due", "Owner"),
        ("{{#actions}}{{Action}}", "{{Due}}", "{{Owner}}{{/actions}}"),
    ),
}
_HEADS = {
    "ko": ("1. 서비스 수준", "2. CPU 사용률", "3. 조치"),
    "en": ("1. Service levels", "2. CPU utilisation", "3. Actions"),
}
_PICTURE = {"ko": "{{그림:CPU 전체 사용률}}", "en": "{{picture:system.cpu.utilization}}"}


_FIRST_STAND_IN = 0xE000
"""Of private use. One character stands for the text of a cell while it is written: a slot is
longer than its value, and would be broken where the value is not."""


def build_form(lang: Lang) -> bytes:
    """The form as HWPX; the same bytes every time."""
    sla, chart, actions = _HEADS[lang]
    form = _Form()
    parts = (
        BodyPart(Line((TextSpan(TITLE[lang], "title"),), "centre")),
        BodyPart(Line((TextSpan(form.stand_in(_SUBTITLE[lang]), "cell"),), "centre")),
        BodyPart(form.build_signatures(lang)),
        BodyPart(form.build_table((16, 34, 18, 32), _FACTS[lang], tall=1)),
        BodyPart(Line((TextSpan(sla, "h2"),), "h2"), keep=True),
        BodyPart(form.build_table((8, 46, 16, 16, 14), _SLA[lang], heads=1)),
        BodyPart(Line((TextSpan(chart, "h2"),), "h2"), keep=True),
        BodyPart(Grid((WIDTH,), ((form.build_cell(_PICTURE[lang], "cell", _CHART),),))),
        BodyPart(Line((TextSpan(actions, "h2"),), "h2"), keep=True),
        BodyPart(form.build_table((66, 17, 17), _ACTIONS[lang], heads=1, tall=2)),
    )
    writer = SectionWriter()
    section = writer.write(parts)
    for at, text in enumerate(form.texts):
        section = section.replace(chr(_FIRST_STAND_IN + at), text)
    plain = {"title": TITLE[lang], "lang": lang, "author": "", "made": _MADE}
    return pack(plain, section, writer.pictures)


@dataclass(slots=True)
class _Form:
    """Builds its tables, and remembers the texts of their cells."""

    texts: list[str] = field(default_factory=list)

    def stand_in(self, text: str) -> str:
        """The character that stands for a text."""
        self.texts.append(text)
        return chr(_FIRST_STAND_IN + len(self.texts) - 1)

    def build_cell(self, text: str, shape: str, height: int = _ROW) -> GridCell:
        line = Line((TextSpan(self.stand_in(text), shape),))
        return GridCell((line,), "head" if shape == "head" else "box", height=height)

    def build_table(
        self,
        percents: Sequence[int],
        rows: Sequence[Sequence[str]],
        *,
        heads: int = 0,
        tall: int = 0,
    ) -> Grid:
        """A table; without a head its even columns name what stands beside them.

        So many of the first rows are `tall`.
        """

        def build(row: int, column: int, text: str) -> GridCell:
            is_head = row < heads or (not heads and column % 2 == 0)
            height = _TALL if row < tall else _ROW
            return self.build_cell(text, "head" if is_head else "cell", height)

        return Grid(
            tuple(WIDTH * percent // 100 for percent in percents),
            tuple(
                tuple(build(row, column, text) for column, text in enumerate(texts))
                for row, texts in enumerate(rows)
            ),
            heads,
        )

    def build_signatures(self, lang: Lang) -> Grid:
        """Who signs: names from the report, room for the hand."""
        name = {"ko": "이름", "en": "name"}[lang]
        steps = _SIGNED[lang]
        return Grid(
            (WIDTH // 3,) * 3,
            (
                tuple(self.build_cell(step, "head") for step in steps),
                tuple(self.build_cell(f"{{{{{step}.{name}}}}}", "cell", _SIGN) for step in steps),
            ),
        )
