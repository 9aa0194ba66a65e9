"""A report in a message: bounded, escaped, and with what matters first."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang, texts
from jipyo.reports.document import BlockGroup, Finding, Findings, Issuer, VerdictBox, phrase
from jipyo.reports.render.markdown import LONGEST, escape_markdown, render_markdown, write_summary
from reports.documents import build_report
from reports.month import build_month

MONTH = build_month()


@pytest.mark.parametrize("lang", LANGS)
def test_a_summary_has_verdict_score_findings_key_figures_and_service_levels(lang: Lang) -> None:
    text = render_markdown(MONTH, lang).decode()
    lines = text.splitlines()
    warning = texts(lang)("health.state.warning")
    assert [line for line in lines if line.startswith(f"**\\[{warning}\\]**")]
    assert [line[:2] for line in lines if re.match(r"\d\. ", line)] == ["1.", "2."]
    assert len([line for line in lines if line.startswith("- ")]) == 4
    assert any("94.5" in line for line in lines)
    assert "67.50" in lines[-1]
    assert text.count("**") % 2 == 0


def test_what_is_made_up_is_marked_and_groups_are_looked_into() -> None:
    finding = Findings((Finding(State.OK, "inner", (), None),))
    marked = phrase("reports.section.findings")
    report = replace(build_report(BlockGroup((finding,))), issuer=Issuer(marking=marked))
    lines = write_summary(report, "en").splitlines()
    assert lines[2:] == ["**Findings**", "1. **\\[OK\\]** inner"]


@given(st.integers(40, 4000), st.text(max_size=400))
def test_a_summary_is_never_longer_than_it_may_be(longest: int, name: str) -> None:
    report = replace(MONTH, issuer=Issuer(system=name))
    assert len(write_summary(report, "ko", longest)) <= longest
    assert len(write_summary(report, "en")) <= LONGEST


def test_lines_that_are_left_out_are_counted() -> None:
    whole = write_summary(MONTH, "en")
    short = write_summary(MONTH, "en", len(whole) - 1)
    assert short.splitlines()[:-1] == whole.splitlines()[: len(short.splitlines()) - 1]
    assert re.search(r"… \d more lines? in the report\.", short.splitlines()[-1])


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b*c", r"a\_b\*c"),
        ("[x](http://a)", r"\[x\](http://a)"),
        ("<@U1> `x`", "\\<@\u2060U1\\> \\`x\\`"),
        ("# a | b ~c~ \\", r"\# a \| b \~c\~ \\"),
        ("25.5%", "25.5%"),
    ],
)
def test_a_text_becomes_no_markup(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped


def test_hostile_text_stays_on_its_line() -> None:
    verdict = VerdictBox(State.OK, "a\n\n# b\r\n> c", ())
    lines = write_summary(build_report(verdict), "en").splitlines()
    assert lines[-1] == "**\\[OK\\]** a \\# b \\> c"
