"""How a site wants its reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import ConfigError
from jipyo.reports.colour import measure_contrast
from jipyo.reports.document import Heading, Note, phrase
from jipyo.reports.look import Look
from jipyo.reports.site_template import SectionChoice, SiteTemplate, add_own_text
from jipyo.reports.site_template_file import (
    list_section_ids,
    parse_site_template,
    read_site_template,
    write_site_template,
)
from reports.test_logo import SVG

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
version: 1
system: {ko: AI 민원 서비스, en: AI helpdesk}
logo: logo.svg
colours: {accent: "#7A1F2B", line: "#0b7f95"}
sections:
  logs: false
  incidents: {before: 담당 부서에서 확인한 내용입니다.}
  appendix: true
"""


def test_what_is_written_becomes_the_template(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(SVG)
    file = tmp_path / "look.yaml"
    file.write_text(TEXT, "utf-8")
    template = read_site_template(file)
    assert template.system == Bilingual("AI 민원 서비스", "AI helpdesk")
    assert (template.look.accent, template.look.line) == ("#7a1f2b", "#0b7f95")
    assert template.look.logo is not None
    assert not template.find("logs").shown
    text = "담당 부서에서 확인한 내용입니다."
    assert template.find("incidents") == SectionChoice(before=Bilingual(text, text))
    assert template.find("breaches") == SectionChoice()


def test_without_a_file_the_look_is_jipyos_own() -> None:
    assert read_site_template(None) == SiteTemplate()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "The key version is missing"),
        ("version: 2", "Write 1"),
        ('version: 1\ncolours: {accent: "#77aaff"}', ":1 to white paper; it needs 4.5:1"),
        ('version: 1\ncolours: {line: "#9ab"}', "is not a colour"),
        ("version: 1\nsections: {incidentes: false}", "Did you mean incidents?"),
        ("version: 1\nsections: {logs: maybe}", "maybe"),
        ("version: 1\nlogo: none.svg", "none.svg cannot be read"),
        ("version: 1\ncolors: {}", "Did you mean colours?"),
        ("version: 1\nsystem: {ko: 가}", "The key en is missing"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_site_template(text, "look.yaml")
    words = texts("en").error(caught.value)
    assert message in words
    assert "look.yaml:" in words


def test_all_mistakes_are_named_at_once() -> None:
    text = 'version: 1\ncolours: {accent: white, line: "#ffffff"}\nsections: {a: false, b: 1}'
    with pytest.raises(ConfigError) as caught:
        parse_site_template(text, "look.yaml")
    assert [mistake.place[1] for mistake in caught.value.mistakes] == [2, 2, 3]


@pytest.mark.parametrize("lang", LANGS)
def test_the_written_file_changes_nothing_and_names_every_section(lang: Lang) -> None:
    text = write_site_template(texts(lang))
    assert parse_site_template(text, "") == SiteTemplate()
    for name in list_section_ids():
        assert f"  # {name}: false" in text
    lines = [re.sub("^  # ", "  ", line) for line in text.splitlines() if "before" not in line]
    template = parse_site_template("\n".join(lines), "")
    assert not any(template.find(name).shown for name in list_section_ids())


def test_own_words_stand_below_the_heading_or_first() -> None:
    words = Bilingual("우리 말", "our words")
    template = SiteTemplate(sections={"a": SectionChoice(before=words)})
    heading, note = Heading("a", phrase("reports.section.logs")), Note("x")
    assert list(add_own_text("a", [heading, note], template)) == [heading, Note(words), note]
    assert list(add_own_text("a", [note], template)) == [Note(words), note]
    assert list(add_own_text("a", [], template)) == []
    assert list(add_own_text("b", [note], template)) == [note]


@pytest.mark.parametrize(
    ("one", "other", "contrast"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#123456", "#123456", 1.0)],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, contrast: float) -> None:
    assert measure_contrast(one, other) == pytest.approx(contrast, abs=0.005)
    assert measure_contrast(other, one) == measure_contrast(one, other)


def test_jipyos_own_colours_have_enough_contrast() -> None:
    assert min(measure_contrast(one, "#ffffff") for one in (Look().accent, Look().line)) > 4.5
