"""`/api/jipyo/overview` and `/api/jipyo/status`: the state of every metric, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.analysis.health import Health, assess_catalogue
from jipyo.model.errors import SourceError, StoreFull
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from jipyo.web.api import overview, status
from support.web import NOW_MS, SERVER, Client, config_state, now_ms, serving
from web.api.conftest import api_routes, build_cpu_scrapes

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.catalogue import Catalogue

Serve = Callable[..., Client]
CPU = "system.cpu.utilization"
MINUTE_MS = 60_000


def find_metric(document: Any, metric: str) -> Any:
    return next(one for one in document["metrics"] if one["id"] == metric)


def test_the_overview_judges_what_has_data(client: Client) -> None:
    overview = client.get("/api/jipyo/overview", lang="en").json
    cpu = next(one for one in overview["metrics"] if one["id"] == CPU)
    assert (cpu["state"], cpu["judged"], cpu["absent"]) == ("critical", True, False)
    assert cpu["value"] == pytest.approx(90)
    assert (cpu["text"], cpu["unit_label"], cpu["worst"]["instance"]) == ("90%", "%", "host1")
    assert cpu["thresholds"] == {
        "warning": 70,
        "critical": 85,
        "for_s": 300,
        "origin": "specification",
    }
    assert "85%" in cpu["reason"]
    assert overview["verdict"]["state"] == "critical"
    assert overview["verdict"]["counts"]["critical"] >= 1
    assert (overview["t"], overview["timezone"]) == (NOW_MS / 1000, "Asia/Seoul")
    missing = next(one for one in overview["metrics"] if one["id"] == "ai.model.accuracy")
    assert (missing["state"], missing["value"], missing["absent"]) == ("unknown", None, True)
    assert {"id": "system.cpu", "name": "CPU"}.items() <= overview["topics"][0].items()
    assert CPU in overview["topics"][0]["metrics"]


def test_texts_are_in_the_language_asked_for_and_else_in_the_sites(client: Client) -> None:
    names = {
        lang: client.get("/api/jipyo/overview", **({"lang": lang} if lang else {})).json["metrics"][
            0
        ]["name"]
        for lang in ("en", "ko", "", "xx")
    }
    assert names["en"] != names["ko"] == names[""] == names["xx"]


# --- pending


def at(minute: int) -> int:
    return NOW_MS - minute * MINUTE_MS


@pytest.fixture
def pending(tmp_path: Path, known: Catalogue) -> Iterator[Client]:
    """The CPU has been beyond its critical threshold for 3 of the 5 minutes that it takes."""
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:
        store.append([*build_cpu_scrapes([(at(50), 0.2), (at(4), 0.99)])])
        with serving(*api_routes(Embedded(store, Engine()), known)) as client:
            yield client


def test_a_metric_is_pending_until_the_alert_duration_is_over(pending: Client) -> None:
    document = pending.get("/api/jipyo/overview", lang="en").json
    cpu = find_metric(document, CPU)
    assert cpu["state"] == "pending"
    assert cpu["pending"]["severity"] == "critical"
    assert cpu["pending"]["threshold"] == 85
    assert cpu["pending"]["for_s"] == 300
    assert 0 <= cpu["pending"]["elapsed_s"] < 300
    assert document["verdict"]["counts"]["pending"] >= 1
    assert document["verdict"]["state"] == "ok"


def test_what_is_not_pending_has_null(client: Client) -> None:
    document = client.get("/api/jipyo/overview").json
    assert find_metric(document, CPU)["pending"] is None
    assert document["verdict"]["counts"]["pending"] == 0


# --- names


@pytest.mark.parametrize(
    ("instance", "core", "whole"),
    [
        ("host1", "cpu 0", ""),  # this server itself, which the dashboard names at its top
        ("other", "other · cpu 0", "other"),
    ],
)
def test_only_other_instances_are_named_on_tiles(
    tmp_path: Path, known: Catalogue, instance: str, core: str, whole: str
) -> None:
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:
        store.append([*build_cpu_scrapes([(at(20), 0.5)], instance)])
        with serving(*api_routes(Embedded(store, Engine()), known)) as client:
            document = client.get("/api/jipyo/overview").json
    assert find_metric(document, "system.cpu.core.utilization")["worst_text"] == core
    assert find_metric(document, CPU)["worst_text"] == whole
    assert find_metric(document, CPU)["worst"]["instance"] == instance


# --- storage, errors, status


def test_a_full_disk_is_shown_in_the_overview_and_the_status(
    serve: Serve, source: Embedded, known: Catalogue
) -> None:
    health = assess_catalogue(source, known, NOW_MS)
    full = StoreFull("web.port_in_use", hint="web.port_in_use.hint", host="a", port=1)
    client = serve(
        *overview.routes(SERVER, known, lambda: health, tuple, lambda: full, config_state),
        *status.routes(
            SERVER, lambda: health, lambda: False, lambda: full, config_state, lambda: [full]
        ),
    )
    for path in ("overview", "status"):
        storage = client.get(f"/api/jipyo/{path}", lang="en").json["storage"]
        assert not storage["writable"]
        assert "a:1" in storage["text"]
        assert "\n" in storage["text"]
    status_now = client.get("/api/jipyo/status", lang="en").json
    assert status_now["ready"] is False
    assert "a:1" in status_now["logs"]["problems"][0]


def test_the_status_is_the_verdict_of_the_overview(client: Client) -> None:
    shown, full = (client.get(f"/api/jipyo/{path}").json for path in ("status", "overview"))
    for name in ("t", "verdict", "storage", "instance", "version"):
        assert shown[name] == full[name]
    assert (shown["ready"], shown["started"]) == (True, SERVER.started_ms / 1000)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            SourceError("web.port_in_use", hint="web.port_in_use.hint", host="h", port=2),
            (503, "unavailable", True),
        ),
        (StoreFull("web.not_ready"), (503, "storage", False)),
        (ValueError("ours"), (500, "internal", True)),
    ],
)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_failures_come_with_a_hint_in_the_readers_language(
    serve: Serve, known: Catalogue, error: Exception, expected: tuple[int, str, bool], lang: str
) -> None:
    def fail() -> Health:
        raise error

    client = serve(*overview.routes(SERVER, known, fail, tuple, lambda: None, config_state))
    answer = client.get("/api/jipyo/overview", lang=lang)
    problem = answer.json
    assert (answer.status, problem["errorType"], bool(problem["hint"])) == expected
    has_korean = any("가" <= letter <= "힣" for letter in problem["error"])
    assert has_korean is (lang == "ko")
