"""`/api/jipyo/overview/day`: the last 24 hours over a real store, and what stands beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from jipyo.alerts.alert import AlertKey, AlertState
from jipyo.alerts.incident.incident import Incident, IncidentAlert
from jipyo.analysis.day.reading import COLUMN_MS, COLUMNS, read_day
from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.thresholds import Severity
from jipyo.app.overview import TableReader, list_drawn
from jipyo.i18n import texts
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from jipyo.web.api.day import document
from jipyo.web.api.day.document import DayFacts, DayParts
from jipyo.web.api.day.side import build_collection
from jipyo.web.api.day.tables import MOST_GPUS, OPEN_GROUPS
from jipyo.web.api.targets import TargetCounts
from support.web import NOW_MS, SERVER, now_ms, serving
from web.api.conftest import build_cpu_scrapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from jipyo.catalogue import Catalogue

MINUTE_MS, WEEK_MS = 60_000, 7 * 86_400_000
CPU, MEMORY = "system.cpu.utilization", "system.gpu.memory.utilization"
END_MS = NOW_MS // COLUMN_MS * COLUMN_MS


def build_parts(source: Embedded, known: Catalogue, **facts: Any) -> DayParts:
    """Everything as the server connects it, at the fixed moment, without incidents."""
    health = assess_catalogue(source, known, NOW_MS)
    day = read_day(source, known, NOW_MS, list_drawn(known))
    found = DayFacts(**{"t_ms": NOW_MS, "day": day, **facts})
    reader = TableReader(source, known, lambda _: None)
    return DayParts(
        server=SERVER,
        catalogue=known,
        health=lambda: health,
        facts=lambda: found,
        series=lambda: reader.read(NOW_MS),
        outlooks=tuple,
        targets=lambda: TargetCounts(3, 1, 0, 2),
        incidents=lambda *_: (),
    )


def ask(parts: DayParts, lang: str = "en") -> Any:
    with serving(*document.routes(parts)) as client:
        return client.get("/api/jipyo/overview/day", lang=lang).json


@pytest.fixture(scope="module")
def parts(source: Embedded, known: Catalogue) -> DayParts:
    return build_parts(source, known, received=9_998, expected=10_000)


@pytest.fixture(scope="module")
def day(parts: DayParts) -> Any:
    return ask(parts)


# --- over a busy CPU


def test_the_day_ends_at_a_whole_column(day: Any) -> None:
    assert (day["t"], day["end"], day["step"]) == (NOW_MS / 1000, END_MS / 1000, 300)
    assert day["end"] - day["start"] == 86_400


def test_a_server_is_a_group_with_its_rows(day: Any) -> None:
    (host,) = day["hosts"]
    assert (host["kind"], host["name"], host["state"]) == ("server", "host1", "critical")
    (cpu,) = host["rows"]
    assert (cpu["metric"], cpu["text"], cpu["state"]) == (CPU, "90%", "critical")
    assert (cpu["levels_text"], cpu["change_text"]) == ("70% / 85%", "")
    assert len(cpu["values"]) == COLUMNS // 3
    assert cpu["values"][-1] == pytest.approx(90)
    assert cpu["values"][0] is None


def test_a_lane_shows_from_when_a_group_was_not_ok(day: Any) -> None:
    lanes = {lane["id"]: lane for lane in day["lanes"]}
    assert set(lanes) == {"server"}  # nothing is shown of what has no data
    span = lanes["server"]["spans"][-1]
    assert (span["state"], span["metric"], span["incident"]) == ("critical", CPU, None)
    assert span["end"] == day["t"]
    assert abs(span["start"] * 1000 - (NOW_MS - 3_000_000)) <= 2 * MINUTE_MS


def test_an_incident_between_two_steps_of_the_day_has_its_mark(parts: DayParts) -> None:
    long_ago, seen = NOW_MS - 36_000_000, NOW_MS - 600_000
    alert = IncidentAlert(
        key=AlertKey(CPU, Labels.of({"instance": "host1"})),
        state=AlertState.INACTIVE,
        severity=Severity.WARNING,
        noticed_ms=long_ago,
        stretches=((long_ago, long_ago + 20_000), (seen, seen + 20_000)),
        recovered_ms=seen + 20_000,
    )
    incident = Incident(number=7, alerts=(alert,), entries=(), noticed_ms=long_ago)
    day = ask(replace(parts, incidents=lambda *_: (incident,)))
    short, *others = day["lanes"][0]["spans"]
    assert (short["state"], short["incident"]) == ("warning", 7)
    assert (short["start"], short["end"]) == (long_ago / 1000, long_ago / 1000 + 20)
    # What the day shows keeps its own states.
    assert "warning" not in [one["state"] for one in others if one["start"] > seen / 1000 - 3600]
    assert others[-1]["state"] == "critical"


def test_objectives_without_data_say_so(day: Any) -> None:
    cells = day["objectives"]
    assert [cell["metric"] for cell in cells] == [
        "app.response_time",
        "app.error_rate",
        "ai.inference.time",
        "app.throughput",
    ]
    for cell in cells:
        assert (cell["state"], cell["value"], cell["text"]) == ("noData", None, "no data")
        assert (cell["values"], cell["change_text"]) == ([], "")
    assert cells[0]["objective_text"] == "Objective: within 2 s"
    assert cells[1]["objective_text"] == "Objective: at most 0.1%"


def test_what_there_is_not_is_left_out(day: Any) -> None:
    assert day["gpus"] is None
    assert (day["forecasts"], day["budgets"], day["documents"]) == ([], [], [])
    assert day["collection"] == {"up": 3, "total": 4, "complete_text": "99.98%"}


@pytest.mark.parametrize(
    ("received", "expected", "text"),
    [(0, 0, ""), (10, 10, "100%"), (999_999, 1_000_000, "99.99%"), (0, 5, "0.00%"), (7, 5, "100%")],
)
def test_completeness_never_rounds_up(received: int, expected: int, text: str) -> None:
    assert build_collection(TargetCounts(0, 0, 0, 0), received, expected).complete_text == text


def test_before_the_day_is_read_there_is_what_is_known_now(parts: DayParts) -> None:
    found = ask(replace(parts, facts=DayFacts), "ko")
    assert (found["start"], found["end"]) == (None, None)
    assert found["hosts"][0]["rows"][0]["values"] == []
    assert found["lanes"][0]["spans"][0]["state"] == "critical"  # by the state of now


def test_the_document_is_built_once_a_tick_and_language(parts: DayParts) -> None:
    reads = []

    def read() -> dict[str, tuple[()]]:
        reads.append(1)
        return {}

    tick = [parts.health()]
    shared = replace(parts, series=read, health=lambda: tick[0])
    with serving(*document.routes(shared)) as client:
        for lang in ("ko", "en", "ko", "en", "ko"):
            assert client.get("/api/jipyo/overview/day", lang=lang).status == 200
        assert len(reads) == 2
        tick[0] = replace(tick[0], t_ms=NOW_MS + 2000)
        client.get("/api/jipyo/overview/day", lang="ko")
        assert len(reads) == 3


# --- the week before, several series, GPUs


def gauges(name: str, rows: Iterable[dict[str, str]], level: float, t_ms: int) -> Scrape:
    series = tuple(Labels.of({"__name__": name, "job": "dcgm", **row}) for row in rows)
    return Scrape(t_ms, series, np.full(len(series), level))


def serve_gpus(tmp_path: Path, known: Catalogue, count: int, hosts: int = 1) -> Any:
    """GPUs of 80 GB; the memory of each was half a week ago and is 3/4 now."""
    rows = [
        {"instance": f"gpu-{host}", "gpu": str(gpu), "UUID": f"u{host}.{gpu}", "modelName": "H100"}
        for host in range(hosts)
        for gpu in range(count)
    ]
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:
        moments = [
            *range(NOW_MS - WEEK_MS - 2_400_000, NOW_MS - WEEK_MS + 2_400_000, MINUTE_MS),
            *range(NOW_MS - 7_200_000, NOW_MS + 1, MINUTE_MS),
        ]
        for t_ms in moments:
            used = 40_000.0 if t_ms < NOW_MS - WEEK_MS // 2 else 60_000.0
            store.append(
                [
                    gauges("DCGM_FI_DEV_FB_USED", rows, used, t_ms),
                    gauges("DCGM_FI_DEV_FB_FREE", rows, 80_000 - used, t_ms),
                    gauges("DCGM_FI_DEV_FB_RESERVED", rows, 0, t_ms),
                    gauges("DCGM_FI_DEV_GPU_UTIL", rows, 40, t_ms),
                    gauges("DCGM_FI_DEV_GPU_TEMP", rows, 66, t_ms),
                    gauges("DCGM_FI_DEV_POWER_USAGE", rows, 92, t_ms),
                ]
            )
        return ask(build_parts(Embedded(store, Engine()), known), "ko")


def test_gpus_are_rows_in_the_order_of_their_numbers(tmp_path: Path, known: Catalogue) -> None:
    table = serve_gpus(tmp_path, known, 12)["gpus"]
    assert (table["model"], table["levels_text"], table["more"]) == ("H100 × 12", "80% / 90%", 0)
    assert [row["name"] for row in table["rows"]] == [f"GPU {gpu}" for gpu in range(12)]
    first = table["rows"][0]
    assert (first["memory"]["text"], first["utilisation"]["text"]) == ("75%", "40%")
    assert (first["temperature_text"], first["power_text"], first["host"]) == ("66°C", "92W", "")
    assert (first["state"], first["reason"]) == ("ok", "")
    assert first["memory_values"][-1] == 75
    assert first["labels"] == {"instance": "gpu-0", "gpu": "0"}


def test_many_gpus_of_several_hosts_are_cut_and_named(tmp_path: Path, known: Catalogue) -> None:
    table = serve_gpus(tmp_path, known, 8, hosts=5)["gpus"]
    assert (len(table["rows"]), table["more"]) == (MOST_GPUS, 40 - MOST_GPUS)
    assert table["rows"][0]["host"] == "gpu-0"


def test_many_hosts_are_folded_the_worst_first(tmp_path: Path, known: Catalogue) -> None:
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:
        for host in range(40):
            share = 0.95 if host == 31 else 0.2
            store.append([*build_cpu_scrapes([(NOW_MS - 1_800_000, share)], f"web-{host:02}")])
        hosts = ask(build_parts(Embedded(store, Engine()), known))["hosts"]
    assert [one["name"] for one in hosts[:3]] == ["web-31", "web-00", "web-01"]
    assert [one["state"] for one in hosts[:2]] == ["critical", "ok"]
    assert [one["folded"] for one in hosts] == [False] * OPEN_GROUPS + [True] * (40 - OPEN_GROUPS)
    assert hosts[0]["rows"][0]["values"]
    assert hosts[-1]["rows"][0]["values"] == []
    assert hosts[-1]["rows"][0]["value"] == pytest.approx(20)


def test_a_change_against_last_week_is_in_points_for_percentages(
    tmp_path: Path, known: Catalogue
) -> None:
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:
        week_ago = NOW_MS - WEEK_MS
        shares = [(week_ago - 3_600_000, 0.3), (NOW_MS - 3_600_000, 0.5)]
        scrapes = [
            one
            for one in build_cpu_scrapes(shares)
            if abs(one.t_ms - week_ago) < 3_600_000 or one.t_ms >= NOW_MS - 3_600_000
        ]
        store.append(scrapes)
        (host,) = ask(build_parts(Embedded(store, Engine()), known), "ko")["hosts"]
    assert host["rows"][0]["change_text"] == "+20.0%p"


@pytest.fixture
def lost(tmp_path: Path, known: Catalogue) -> Iterator[Any]:
    """A CPU that was well and has not reported for 20 minutes."""
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:
        store.append(
            [
                one
                for one in build_cpu_scrapes([(NOW_MS - 3_000_000, 0.2)])
                if one.t_ms < NOW_MS - 1_200_000
            ]
        )
        yield ask(build_parts(Embedded(store, Engine()), known), "ko")


def test_what_no_longer_reports_is_hatched_and_says_since_when(lost: Any) -> None:
    (host,) = lost["hosts"]
    (row,) = host["rows"]
    assert (row["state"], row["value"]) == ("unknown", None)
    assert row["text"].endswith("이후 데이터 없음")
    span = lost["lanes"][0]["spans"][-1]
    assert (span["state"], span["end"]) == ("unknown", lost["t"])


def test_texts_of_the_document_are_in_both_languages(parts: DayParts) -> None:
    korean, english = ask(parts, "ko"), ask(parts, "en")
    assert korean["lanes"][0]["name"] == texts("ko")("overview.lane.server")
    assert english["lanes"][0]["name"] == texts("en")("overview.lane.server")
    assert korean["objectives"][0]["objective_text"] == "목표 2초 이내"
