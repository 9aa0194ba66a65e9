"""The five steps of an incident, and who is notified next, over a real file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.alert import AlertKey, AlertState
from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.options import AlertsOptions, ChannelOptions, Escalation
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.model.labels import Labels
from jipyo.web.api import incidents, silences
from jipyo.web.api.alert_desk import AlertDesk
from support.web import NOW_MS, serving
from web.api.test_alerts import BUSY, DEAD, GROUPING, MINUTE_MS, OPTIONS, Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jipyo.catalogue import Catalogue

NOTIFYING = replace(
    OPTIONS,
    maintenance=(),
    channels=(ChannelOptions(name="ops"), ChannelOptions(name="phone")),
    escalation=(
        Escalation(after_ms=12 * MINUTE_MS, channels=("phone",)),
        Escalation(after_ms=30 * MINUTE_MS, channels=("boss",)),
    ),
)
OTHER = replace(
    BUSY,
    key=AlertKey(BUSY.key.rule, Labels.of({"instance": "db-1:9100"})),
    state=AlertState.FIRING,
    firing_ms=NOW_MS,
)
FIRED_MS = DEAD.active_ms + 30_000


@pytest.fixture
def opened(tmp_path: Path, known: Catalogue) -> Iterator[Callable[..., Desk]]:
    """Builds the endpoints over an incident that was noticed 9.5 minutes ago."""
    stores = []
    servers = []

    def build(
        options: AlertsOptions = NOTIFYING, on_call: tuple[str, ...] = (), fires: bool = True
    ) -> Desk:
        store = AlertStore.open(tmp_path, STEPS)
        stores.append(store)
        context = AlertDesk(
            incidents=IncidentDesk(store, lambda: made.now_ms),
            list_alerts=tuple,
            grouping=lambda: GROUPING,
            catalogue=known,
            options=options,
            zone=ZoneInfo("Asia/Seoul"),
            now_ms=lambda: made.now_ms,
            find_on_call=lambda _: on_call,
        )
        routes = [*incidents.routes(context, "ko"), *silences.routes(context, "ko")]
        server = serving(*routes)
        servers.append(server)
        made = Desk(store, server.__enter__())
        if fires:
            made.fire(DEAD, FIRED_MS)
        return made

    yield build
    for server in servers:
        server.__exit__(None, None, None)
    for store in stores:
        store.close()


def list_steps(desk: Desk, **fields: str) -> dict[str, Any]:
    return {one["id"]: one for one in desk.get("/incidents/1", **fields)["steps"]}


def states(desk: Desk) -> str:
    return " ".join(one["state"] for one in list_steps(desk).values())


def test_the_steps_fill_as_they_pass(opened: Callable[..., Desk]) -> None:
    desk = opened()
    assert states(desk) == "done done waiting open open"
    desk.post("/incidents/1/ack", {"who": "김운영"})
    assert states(desk) == "done done done waiting open"
    desk.post("/incidents/1/notes", {"who": "이점검", "text": "vllm-2 재시작"})
    assert states(desk) == "done done done done waiting"
    desk.recover(DEAD, NOW_MS - 1000)
    steps = list_steps(desk)
    assert states(desk) == "done done done done done"
    assert (steps["acknowledged"]["who"], steps["action"]["who"]) == ("김운영", "이점검")
    assert steps["action"]["text"] == "vllm-2 재시작"


def test_an_incident_that_recovered_by_itself_waits_for_nothing(
    opened: Callable[..., Desk],
) -> None:
    desk = opened()
    desk.recover(DEAD, NOW_MS - 1000)
    assert states(desk) == "done done open open done"


@pytest.mark.parametrize(
    ("later", "lang", "text"),
    [
        (0, "en", "Waiting for 9 min 30 s · escalates to phone at 11:59"),
        (0, "ko", "9분 30초째 대기 중 · 상위 알림 11:59: phone"),
        (5, "en", "Waiting for 14 min 30 s · escalates to boss at 12:17"),
        (40, "en", "Waiting for 49 min 30 s · escalated to phone, boss"),
    ],
)
def test_who_is_notified_next_and_when(
    opened: Callable[..., Desk], later: int, lang: str, text: str
) -> None:
    desk = opened()
    desk.now_ms += later * MINUTE_MS
    found = list_steps(desk, lang=lang)["acknowledged"]["text"]
    assert found == text


def test_who_is_on_call_is_named(opened: Callable[..., Desk]) -> None:
    steps = list_steps(opened(on_call=("김운영",)))
    assert steps["noticed"]["text"].endswith("on call: 김운영")
    assert "escalates to 김운영, phone" in steps["acknowledged"]["text"]


def test_without_a_channel_it_says_that_nobody_is_notified(opened: Callable[..., Desk]) -> None:
    text = list_steps(opened(AlertsOptions()))["acknowledged"]["text"]
    assert text.endswith("nobody is notified, as there is no channel")


def test_a_silence_of_what_its_alerts_have_in_common_lets_nobody_be_notified(
    opened: Callable[..., Desk],
) -> None:
    desk = opened()
    shown = desk.get("/incidents/1")
    assert shown["withheld"] == ""
    assert (
        shown["match"] == 'alertname="system.collection.failed", instance="gpu-1:8000", job="vllm"'
    )
    body = {"match": shown["match"], "who": "이점검", "reason": "swap", "duration": "30m"}
    assert desk.post("/silences", body).status == 200
    after = desk.get("/incidents/1")
    assert after["withheld"].startswith("silenced by 이점검 until ")
    assert after["withheld"] in after["steps"][2]["text"]
    assert "escalates" not in after["steps"][2]["text"]


def test_a_list_says_how_things_are_and_counts_by_state(opened: Callable[..., Desk]) -> None:
    desk = opened()
    desk.fire(OTHER, NOW_MS)
    found = desk.get("/incidents")
    assert found["text"] == "2 incidents are open. 2 wait to be acknowledged."
    desk.post("/incidents/1/ack", {"who": "kim"})
    assert desk.get("/incidents")["text"] == "2 incidents are open. 1 waits to be acknowledged."
    desk.recover(DEAD, NOW_MS - 1000)
    assert desk.get("/incidents")["counts"] == {"open": 1, "recovered": 1, "closed": 0}
    desk.recover(OTHER, NOW_MS)
    calm = desk.get("/incidents", lang="ko")["text"]
    assert calm.startswith("진행 중인 장애가 없습니다. 마지막 장애는")


def test_without_any_incident_a_list_says_so(opened: Callable[..., Desk]) -> None:
    desk = opened(fires=False)
    assert desk.get("/incidents")["text"] == "No incident has been recorded."


@pytest.mark.parametrize(
    ("fields", "numbers"),
    [
        ({"severity": "critical"}, [1]),
        ({"severity": "warning"}, [2]),
        ({"search": "VLLM answer"}, [1]),
        ({"search": "#2"}, [2]),
        ({"search": "vllm nothing"}, []),
        ({"search": "kim"}, [1]),
        ({"state": "open", "severity": "warning"}, [2]),
        ({"state": "recovered"}, []),
        ({"state": "open", "from": str(NOW_MS / 1000 - 60)}, [2, 1]),
    ],
)
def test_incidents_are_searched(
    opened: Callable[..., Desk], fields: dict[str, str], numbers: list[int]
) -> None:
    desk = opened()
    desk.fire(OTHER, NOW_MS)
    desk.post("/incidents/1/ack", {"who": "Kim"})
    found = desk.get("/incidents", **fields)
    assert [one["number"] for one in found["incidents"]] == numbers


def test_a_severity_that_is_none_is_refused(opened: Callable[..., Desk]) -> None:
    answer = opened().client.get("/api/jipyo/incidents?severity=grave")
    assert (answer.status, "severity" in answer.json["error"]) == (400, True)
