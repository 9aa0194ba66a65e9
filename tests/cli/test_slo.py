"""`jipyo slo` over days whose figures are known, in both languages, and the Python class."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

import jipyo
from jipyo.model.errors import UnknownNameError
from jipyo.tsdb import Store
from support.levels import NOV_1_MS, NOW_MS, list_scrapes
from support.product import jipyo as run

if TYPE_CHECKING:
    from pathlib import Path

AT = "2026-11-05T00:00"
CONFIG = """
timezone: Asia/Seoul
slo:
  objectives:
  - {name: site, title: {ko: 홈페이지, en: Home page}, expr: probe_success, at_least: 1,
     target: 99.9}
  - {name: orders, total: http_requests_total, bad: 'http_requests_total{status="500"}', by: [job],
     target: 99.99, period: week}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slo")
    with Store.open(folder / "data", now_ms=lambda: NOW_MS) as store:
        store.append(list(list_scrapes()))
    (folder / "jipyo.yaml").write_text(f"{CONFIG}data: {folder / 'data'}\n", "utf-8")
    return folder / "jipyo.yaml"


EN = """\
Objective|Promised|Period|Reached|Budget left|Burn rate|Result
API response time (p95) (api)|95% of requests within 2 s|this month|98.00%|60.0%|0.4× · 0.4×|Met
API response time (p95) (web)|95% of requests within 2 s|this month|no data|no data|No such bucket
API error rate|99.9% of requests good|this month|99.950%|50.0%|0.5× · 0.5×|Met
Inference time (p95)|95% of requests within 1 s|this month|no data|no data|No data
Home page|99.9% of the time good|this month|99.826%|76.8%|0× · 0×|Met
orders|99.99% of requests good|this week|99.9500%|-400.0%|5× · 5×|Missed
API response time (p95) (web): No bucket of {instance="w",job="web"} ends at 2 s; the nearest: \
1 s and 2.5 s. Set the objective to one of these, or have the application add a bucket at 2 s.
"""
KO = """\
목표|기준|기간|달성률|남은 버짓|소진 속도|결과
API 응답 시간(p95) (api)|요청의 95%가 2초 이내|이번 달|98.00%|60.0%|0.4배 · 0.4배|달성
API 응답 시간(p95) (web)|요청의 95%가 2초 이내|이번 달|데이터 없음|데이터 없음|버킷 경계 없음
API 에러율|요청의 99.9%가 양호|이번 달|99.950%|50.0%|0.5배 · 0.5배|달성
AI 추론 시간(p95)|요청의 95%가 1초 이내|이번 달|데이터 없음|데이터 없음|데이터 없음
홈페이지|시간의 99.9%가 양호|이번 달|99.826%|76.8%|0배 · 0배|달성
orders|요청의 99.99%가 양호|이번 주|99.9500%|-400.0%|5배 · 5배|미달
API 응답 시간(p95) (web): {instance="w",job="web"}에 2초에서 끝나는 버킷이 없습니다. 가장 가까운 \
경계: 1초, 2.5초. 목표를 이 중 하나로 바꾸거나, 애플리케이션에 2초 버킷을 추가하십시오.
"""


@pytest.mark.parametrize(("lang", "text"), [("en", EN), ("ko", KO)])
def test_the_table_has_what_was_promised_reached_and_is_left(
    file: Path, lang: str, text: str
) -> None:
    result = run("slo", "--at", AT, "--config", str(file), "--lang", lang)
    assert result.code == 0
    lines = (re.sub(r" {2,}", "|", line.rstrip()) for line in result.out.splitlines())
    assert "".join(f"{line}\n" for line in lines) == text


def test_an_objective_shows_what_it_is_made_from(file: Path) -> None:
    result = run("slo", "site", "--at", AT, "--config", str(file), "--lang", "en")
    assert result.out.splitlines()[:9] == [
        "Home page",
        "Name  site",
        "Promised  99.9% of the time good",
        "Counted  from Sun 1 November 2026 00:00 to Thu 5 November 2026 00:00 (Asia/Seoul)",
        "Counts  5,750 of 5,760 minutes good",
        "Reached  99.826% (Met)",
        "Budget  10 of 43.2 minutes in the whole period are used, 76.8% left",
        "Data  100.0%",
        "Burn rate  5m 0× · 30m 0× · 1h 0× · 2h 0× · 6h 0× · 1d 0× · 3d 0×",
    ]
    assert "sum_over_time(((probe_success) >= bool 1)[4d:1m])" in result.out


def test_the_previous_period_is_counted_whole(file: Path) -> None:
    arguments = ("slo", "orders", "--previous", "--at", AT, "--config", str(file), "--json")
    (row,) = json.loads(run(*arguments).out)
    assert (row["start"] * 1000, row["counted_to"]) == (NOV_1_MS - 6 * 86_400_000, row["end"])
    assert row["good"] + row["bad"] == 2 * 1440 * 100  # collected since two days


def test_an_unknown_objective_is_an_error_with_those_that_are_there(file: Path) -> None:
    result = run("slo", "sight", "--config", str(file), "--lang", "en")
    assert result.code == 2
    assert "There is no objective sight." in result.err
    assert "site, orders" in result.err


def test_the_python_class_gives_the_same(file: Path) -> None:
    with jipyo.open(config=file) as workspace, jipyo.ServiceLevels(workspace) as levels:
        (site,) = levels.evaluate("site", at_ms=NOW_MS)
        assert (site["good"], site["bad"], site["result"]) == (5750, 10, "met")
        assert site.result.tally.bad == 10
        assert "5,750" in site.text("ko")
        assert "budget left: 76.8%" in repr(site)
        json.dumps(site)
        refused = next(one for one in levels.evaluate(at_ms=NOW_MS) if one.result.refusal)
        assert "No bucket" in refused.text("en")
        with pytest.raises(UnknownNameError):
            levels.evaluate("sight")
