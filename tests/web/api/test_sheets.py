"""The sheets of a month over HTTP: as JSON, as files, and what is asked for wrongly."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import openpyxl
import orjson
import pytest

from jipyo.app.build_web import build_sheet_parts
from jipyo.app.offline import read_workspace
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.web.api import sheets
from jipyo.web.http.message import WebRequest, WebResponse
from sla.months import eventful, month_of, store_month

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.web.http.endpoint import Route

CONFIG = """
timezone: Asia/Seoul
language: en
data: data
systems:
- {name: chat, title: {ko: 상담, en: Chat}, targets: 'job="front"'}
"""


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Route]]:
    folder = tmp_path_factory.mktemp("sheets")
    store_month(folder / "data", eventful(month_of("2025-03-01"))).close()
    file = folder / "jipyo.yaml"
    file.write_text(CONFIG, "utf-8")
    config = load(CliOverrides(file=file), {}, "en")
    with read_workspace(config) as workspace:
        parts = build_sheet_parts(config, workspace)
        yield {route.path: route for route in sheets.routes(parts)}


def ask(routes: dict[str, Route], path: str, /, **fields: str) -> WebResponse:
    route = routes[f"/api/jipyo/{path}"]
    request = WebRequest(fields={name: [value] for name, value in fields.items()})
    try:
        return route.handler(request)
    except Exception as error:  # noqa: BLE001 - as the endpoint does
        return route.format_error(error, request)


def read(response: WebResponse) -> Any:
    assert response.status == 200, response.body
    assert isinstance(response.body, bytes)
    return orjson.loads(response.body)


def test_the_inspection_sheet_has_each_day_with_its_sentence(routes: dict[str, Route]) -> None:
    sheet = read(ask(routes, "inspection", month="2025-03"))
    items = {item["id"]: item for item in sheet["items"]}
    fourteenth = items["memory"]["days"][13]
    assert (fourteenth["day"], fourteenth["result"]) == ("2025-03-14", "abnormal")
    assert "ai-node-2: 94% (14:" in fourteenth["text"]
    assert sheet["due"] == sheet["normal"] + sheet["abnormal"] + sheet["not_inspected"]
    assert items["backup"]["done"] == pytest.approx(30 / 31)
    assert "2025-03-01" in sheet["days_off"]


def test_the_service_levels_of_each_system_are_listed(routes: dict[str, Route]) -> None:
    (chat,) = read(ask(routes, "sla", month="2025-03", lang="ko"))["systems"]
    assert (chat["system"], chat["name"], chat["month"]) == ("chat", "상담", "2025-03")
    (availability, *_) = chat["indicators"]
    assert availability["id"] == "availability"
    assert availability["value"] is None or availability["value"] < 100


@pytest.mark.parametrize("path", ["inspection/file", "sla/file"])
def test_a_sheet_can_be_downloaded(routes: dict[str, Route], path: str) -> None:
    response = ask(routes, path, month="2025-03", system="chat", format="xlsx")
    assert response.status == 200, response.body
    assert isinstance(response.body, bytes)
    assert openpyxl.load_workbook(io.BytesIO(response.body)).sheetnames
    name = response.headers["content-disposition"]
    assert name.startswith('attachment; filename="jipyo-')
    assert name.endswith('2025-03.en.xlsx"')
    page = ask(routes, path, month="2025-03")
    assert page.media_type.startswith("text/html")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("inspection", {"month": "2025-13"}),
        ("inspection", {"month": "March"}),
        ("inspection", {"month": "2999-01"}),
        ("inspection", {"month": "2025-03", "system": "chatt"}),
        ("sla", {"month": "2025-03", "system": "chatt"}),
        ("sla/file", {"month": "2025-03", "format": "docx"}),
    ],
)
def test_what_is_asked_for_wrongly_is_a_bad_request(
    routes: dict[str, Route], path: str, fields: dict[str, str]
) -> None:
    response = ask(routes, path, **fields)
    assert response.status == 400
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body)["errorType"] == "bad_data"
