"""The cover: what it says of the document, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jipyo.analysis.window import Window
from jipyo.i18n import LANGS, Lang
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import range_between
from jipyo.reports.document import Cover, Phrase, phrase
from jipyo.reports.options import Approver, ReportsOptions, SignOffStep
from jipyo.reports.sections.cover import build_cover
from jipyo.reports.wording import Localizer
from reports.documents import HOUR, PERIOD, SEOUL, START
from reports.sections.test_outage_findings import target
from reports.summaries import build_data, build_inputs
from sla.test_recomputation import build_records, evaluate


def list_rows(cover: Cover) -> list[str]:
    return [name.key.rpartition(".")[2] for name, _ in cover.rows if isinstance(name, Phrase)]


def read(cover: Cover, name: str, lang: Lang = "en") -> str:
    (value,) = (value for key, value in cover.rows if key == phrase(f"summary.cover.{name}"))
    return Localizer.for_period(PERIOD, lang).format(value)


def test_what_is_not_known_has_no_row() -> None:
    cover = build_cover(build_inputs(build_data()))
    assert list_rows(cover) == ["period", "coverage"]
    assert cover.issue == phrase("summary.cover.draft")


def test_the_approval_box_has_three_steps_or_those_of_the_site() -> None:
    assert [one.name for one in build_cover(build_inputs(build_data())).approvals] == [""] * 3
    title = Bilingual("담당자", "Officer")
    approval = (Approver(step=SignOffStep.DRAFTED, name="김운영", title=title),)
    options = ReportsOptions(approval=approval, recipients=("운영팀", "감사팀"))
    cover = build_cover(build_inputs(build_data(), options=options))
    assert [(one.step, one.name) for one in cover.approvals] == [(title, "김운영")]
    assert read(cover, "recipients") == "운영팀, 감사팀"


@pytest.mark.parametrize(
    ("names", "systems"),
    [
        (("a:9100",), "a"),
        (("a:9100", "a:8000", "http://b/health"), "a, b"),
        (tuple(f"h{n}" for n in range(7)), "h0, h1, h2, h3, h4 and 2 more"),
    ],
)
def test_a_host_of_several_targets_is_named_once(names: tuple[str, ...], systems: str) -> None:
    cover = build_cover(build_inputs(build_data(targets=[target(name) for name in names])))
    assert read(cover, "systems") == systems


@pytest.mark.parametrize("lang", LANGS)
def test_contract_and_coverage_are_those_of_the_inputs(lang: Lang) -> None:
    month = evaluate(build_records())
    data = build_data(targets=[target("a"), target("b")])
    cover = build_cover(build_inputs(data, contracts=(month,)))
    assert list_rows(cover) == ["systems", "period", "contract", "coverage"]
    assert month.system_name(lang) in read(cover, "systems", lang)
    assert month.profile.name(lang) in read(cover, "contract", lang)
    assert "11,520" in read(cover, "coverage", lang)


@pytest.mark.parametrize(
    ("hours", "english"),
    [
        ((0, 48), "Sat 21 November 2026 00:00 to the end of Sun 22 November 2026, 2 days"),
        ((13, 16), "Sat 21 November 2026 13:00 to Sat 21 November 2026 16:00, 3 h"),
        ((0, 30), "Sat 21 November 2026 00:00 to Sun 22 November 2026 06:00, 1 d 6 h"),
    ],
)
def test_a_range_of_hours_is_not_a_range_of_days(hours: tuple[int, int], english: str) -> None:
    start_ms, end_ms = (START + hour * HOUR for hour in hours)
    data = build_data()
    period = range_between(start_ms, end_ms, SEOUL)
    data = replace(data, period=period, window=Window(start_ms, end_ms))
    cover = build_cover(build_inputs(data))
    assert read(cover, "period").startswith(english)
