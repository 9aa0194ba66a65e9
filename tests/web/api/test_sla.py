"""The document of a sheet, and `jipyo.Contracts`, over a real store: the month of docs/sla.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import jipyo
from jipyo.app.contract import build_contract_months, find_systems, parse_contract_month
from jipyo.app.offline import open_workspace
from jipyo.i18n import texts
from jipyo.web.api.sla import build_sheet
from sla.site import write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.app.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    config: Path = write_site(tmp_path_factory.mktemp("sla"))
    with open_workspace(config) as opened:
        yield opened


def test_a_sheet_has_its_figures_reasons_and_evidence(workspace: Workspace) -> None:
    period = parse_contract_month("2024-10", workspace)
    (month,) = build_contract_months(workspace, period, find_systems(workspace, period, "portal"))
    sheet = build_sheet(month, texts("en"))

    assert (sheet.system, sheet.month, sheet.score) == ("portal", "2024-10", 91.87)
    assert sheet.time.outage == 55 * 60
    assert [one.counted for one in sheet.outages] == [25 * 60, 0, 30 * 60]
    assert sheet.outages[1].reasons[0] == "does not count by its attribution"
    assert "proof: survey of October" in next(
        line.reasons for line in sheet.indicators if line.id == "satisfaction"
    )
    assert sheet.planned[1].reasons == ("announced at 22 Oct 03:00, not before it began",)


def test_scripts_get_the_same_sheets(workspace: Workspace) -> None:
    with jipyo.Contracts(workspace) as contracts:
        portal, db = contracts.month("2024-10")

    assert portal["score"] == 91.87
    assert portal.result.total.percent == 91.875
    assert db["indicators"][0]["result"] == "met"
    assert "portal 2024-10" in str(portal)
