"""Courses as findings: what went the bad way, by how near it came to its threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.reports.sections.course_findings import find_courses
from jipyo.reports.sections.findings import select_findings
from jipyo.reports.wording import Localizer
from reports.chapter_data import build_entry, build_inputs
from reports.chapter_months import DAY, MONTH
from reports.quoting import write_finding

if TYPE_CHECKING:
    from jipyo.i18n import Lang
    from jipyo.reports.document import Finding

CPU, MEMORY, DISK = (f"system.{one}.utilization" for one in ("cpu", "memory", "disk"))
NOISE = np.random.default_rng(3).normal(0, 1.0, MONTH.window.steps) / 20


def write(findings: list[Finding], lang: Lang = "en") -> list[str]:
    localizer = Localizer.for_period(MONTH.period, lang)
    return [write_finding(one, localizer) for one in findings]


def test_a_rise_towards_a_threshold_is_a_finding_and_a_fall_is_none() -> None:
    rising = build_entry(MONTH, DISK, MONTH.line(50, 62) + NOISE)
    falling = build_entry(MONTH, MEMORY, MONTH.line(62, 50) + NOISE)
    inputs = build_inputs(MONTH, rising, falling)
    ((nearness, finding),) = find_courses(inputs.data, ())
    assert 0.7 < nearness < 0.8
    (text,) = write([finding])
    assert "Disk utilisation rises by 0.39 points a day." in text
    assert "Its first threshold is 80%." in text
    assert list(find_courses(inputs.data, {DISK})) == []
    assert finding.text in [one.text for one in select_findings(inputs)]


def test_a_level_that_changed_is_told_in_both_languages() -> None:
    later = np.arange(MONTH.window.steps) >= MONTH.window.steps * 12 // 31
    entry = build_entry(MONTH, CPU, 30 + 20 * NOISE + 25 * later)
    inputs = build_inputs(MONTH, entry)
    (_, finding), *_ = find_courses(inputs.data, ())
    assert "changed its level on Tue 13 Oct" in write([finding])[0]
    assert "10. 13. (화)부터" in write([finding], "ko")[0]


def test_what_is_beyond_its_thresholds_and_a_day_have_other_findings() -> None:
    beyond = build_entry(MONTH, DISK, MONTH.line(50, 97) + NOISE)
    assert list(find_courses(build_inputs(MONTH, beyond).data, ())) == []
    day = build_inputs(DAY, build_entry(DAY, DISK, DAY.line(20, 60)))
    texts = [write_finding(one, Localizer.for_period(DAY.period, "en")) for one in
             select_findings(day)]  # fmt: skip
    assert not any("a day" in text for text in texts)
