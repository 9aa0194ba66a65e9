"""Inline parts as HTML: figures keep their numbers, nothing from outside becomes markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.thresholds import State
from jipyo.i18n import Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.figure import UNKNOWN_PROPORTION, Delta, ProportionEstimate
from jipyo.reports.document import (
    Badge,
    Code,
    Duration,
    Inline,
    Joined,
    Moment,
    Quantity,
    Share,
    Subject,
    phrase,
)
from jipyo.reports.render.html.inline import InlineHtml
from jipyo.reports.wording import Localizer
from reports.documents import NAME, PERIOD, START, build_figure
from reports.render.reader import Page


def build_inline(lang: Lang = "en") -> InlineHtml:
    return InlineHtml(Localizer.for_period(PERIOD, lang))


SECONDS = texts("en").number(2.0, "seconds")


@pytest.mark.parametrize(
    ("part", "html"),
    [
        (None, "–"),
        ("a < b & 'c'", "a &lt; b &amp; &#x27;c&#x27;"),
        ("two\nlines", "two<br>lines"),
        (7, "7"),
        (Quantity(2.0, "seconds"), f'<span class="n">{SECONDS}</span>'),
        (Code("rate(x[5m]) > 1"), "<code>rate(x[5m]) &gt; 1</code>"),
        (
            Badge(State.OK, phrase("reports.at", value="<", at=1)),
            '<span class="badge ok">&lt; (1)</span>',
        ),
        (Bilingual("가", "<a>"), "&lt;a&gt;"),
        (Joined((Code("a"), "b"), " & "), "<code>a</code> &amp; b"),
        (Subject(NAME, "gpu 2"), "Response time gpu 2"),
        (
            Moment(START),
            '<time class="n" datetime="2026-11-21T00:00:00+09:00">00:00</time>',
        ),
        (Duration(60_000), '<span class="n">1 min</span>'),
        (build_figure(None), "–"),
    ],
)
def test_a_part_is_written(part: Inline, html: str) -> None:
    assert build_inline().write(part) == html


def test_a_subject_in_a_cell_sets_its_target_apart() -> None:
    inline = build_inline()
    assert inline.write_cell(Subject(NAME, "<2>")) == (
        'Response time <span class="target">&lt;2&gt;</span>'
    )
    assert inline.write_cell(Subject(NAME)) == "Response time"
    assert inline.write_cell(Code("x")) == "<code>x</code>"


@given(st.floats(allow_nan=False))
def test_a_figure_keeps_its_exact_number(value: float) -> None:
    page = Page(build_inline().write(build_figure(value, "count")))
    ((kept, text),) = page.data
    assert float(kept) == value
    assert text == texts("en").number(value, "count")


def test_a_figure_says_on_hover_what_it_was_computed_from() -> None:
    figure = replace(build_figure(1.5), exporter='"x"', samples=1234, coverage=0.5)
    ((_, attributes),) = Page(build_inline().write(figure)).tags
    title = attributes["title"]
    assert title is not None
    for part in ('"x"', "1,234", Localizer.for_period(PERIOD, "en").format_share(0.5)):
        assert part in title


@pytest.mark.parametrize(
    ("proportion", "cases"),
    [(ProportionEstimate(1203, 92.7, 95.4), "1,203"), (UNKNOWN_PROPORTION, "unknown")],
)
def test_a_proportion_names_its_cases_beside_its_number(
    proportion: ProportionEstimate, cases: str
) -> None:
    html = build_inline().write(replace(build_figure(94.1), proportion=proportion))
    assert html.startswith('<data value="94.1"')
    assert '</data> <span class="cases">(' in html
    assert cases in html


def test_figures_inside_a_sentence_are_figures_and_particles_follow_what_is_read() -> None:
    rose = phrase(
        "reports.finding.rose",
        subject=Subject(Bilingual("메모리 <사용률>", "memory")),
        before=build_figure(50.0),
        now=build_figure(62.0),
        delta=Delta(12.0, "point"),
    )
    html = build_inline("ko").write(rose)
    assert html.count("<data ") == 2
    assert "메모리 &lt;사용률&gt;이" in html


@given(st.text(), st.text(), st.text())
def test_no_text_becomes_markup(first: str, second: str, third: str) -> None:
    hostile = Joined(
        (
            first,
            Code(second),
            Badge(State.OK, phrase("reports.at", value=third, at=1)),
            Subject(Bilingual(first, second), third),
            phrase("reports.at", value=first, at=Share(0.5)),
        )
    )
    page = Page(build_inline().write(hostile))
    assert [tag for tag, _ in page.tags if tag != "br"] == ["code", "span", "span"]


@pytest.mark.parametrize("mark", ["\ue000", "\ue001", "\ue002", "\ue0000\ue001x\ue002"])
def test_our_own_marks_from_outside_are_replaced(mark: str) -> None:
    html = build_inline().write(
        Joined((mark, Code(mark), Badge(State.OK, phrase("reports.at", value=mark, at=1))))
    )
    assert not set("\ue000\ue001\ue002") & set(html)
    assert "\ufffd" in html
