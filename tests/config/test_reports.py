"""`reports:` of the configuration file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo.app.server import check_settings
from jipyo.config.load import load, parse
from jipyo.config.overrides import CliOverrides
from jipyo.i18n import texts
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.errors import ConfigError
from jipyo.reports.options import (
    Approver,
    SignOffStep,
    write_document_number,
)

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
systems:
  - {name: portal, title: {ko: 포털, en: Portal}}
alerts:
  channels: [{name: mail, kind: mail, url: "smtp://127.0.0.1:25/?from=a@b.kr&to=c@d.kr"}]
reports:
  document_number: IT-{year}-{month}
  approval: [{step: drafted, name: 홍길동}, {step: approved, title: {ko: 팀장, en: Head}}]
  prices: {kwh: 160.5, currency: EUR}
  schedule:
    - {name: month, report: monthly, schedule: "0 6 1 * *", formats: [pdf, hwpx], channels: [mail],
       system: portal, template: look.yaml, languages: [ko, en]}
"""


def test_what_is_written_becomes_the_options_of_reports() -> None:
    reports = parse(TEXT, "/etc/jipyo/jipyo.yaml").reports
    assert reports.approval[0] == Approver(step=SignOffStep.DRAFTED, name="홍길동")
    assert reports.approval[1].title is not None
    assert reports.prices.kwh == 160.5
    assert reports.prices.gpu_hour is None
    (monthly,) = reports.schedule
    assert monthly.kind is PeriodKind.MONTH
    assert monthly.formats == ("pdf", "hwpx")
    assert str(monthly.template) == "/etc/jipyo/look.yaml"
    assert monthly.catch_up_ms == 7 * 86_400_000


def test_without_the_key_drafts_are_kept_for_400_days_and_nothing_is_scheduled() -> None:
    reports = parse("", "").reports
    assert reports.schedule == ()
    assert reports.retention_ms == 400 * 86_400_000
    assert parse("reports: {retention: null}", "").reports.retention_ms is None


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("IT-{year}-{month}", "IT-2027-02"),
        ("{kind} {year}{month}{day} {system}", "monthly 20270201 portal"),
        ("{year}/Q{quarter}/W{week}", "2027/Q1/W05"),
        ("plain", "plain"),
    ],
)
def test_a_document_number_names_the_period(pattern: str, number: str) -> None:
    month = period_containing(PeriodKind.MONTH, date(2027, 2, 9), ZoneInfo("Asia/Seoul"))
    assert write_document_number(pattern, "monthly", month, "portal") == number


@pytest.mark.parametrize(
    ("key", "name", "message"),
    [
        ("channels: [mail]", "channels: [page]", "There is no channel page"),
        ("system: portal", "system: shop", "There is no system shop"),
    ],
)
def test_a_schedule_names_channels_and_systems_that_there_are(
    key: str, name: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(TEXT.replace(key, name), "utf-8")
    config = load(CliOverrides(file=file), {}, "en")
    with pytest.raises(ConfigError) as caught:
        check_settings(config)
    assert message in texts("en").error(caught.value)
    file.write_text(TEXT, "utf-8")
    check_settings(load(CliOverrides(file=file), {}, "en"))
