"""`/api/jipyo/events`: what was done or happened, and may explain what followed."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.wording import name_event_kind
from jipyo.model.labels import Labels
from jipyo.schema import TEXT, TEXT_MAP, Key, one_of, record
from jipyo.web.api.operation import Operation, json_route, read_json
from jipyo.web.api.written import MOMENT
from jipyo.web.http.params import read_time

if TYPE_CHECKING:
    from jipyo.i18n import Lang, Texts
    from jipyo.web.api.alert_desk import AlertDesk
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

MOST = 1000
"""Events of one list: the newest of its time."""
_SHOWN_MS = 86_400_000

EventName = Literal["deployment", "configuration", "model", "restart", "reboot", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInfo:
    """Something that was done or happened."""

    id: int
    t: float
    kind: EventName
    title: str
    """The kind in words."""
    text: str
    labels: Mapping[str, str]
    """Of the series that it is about; none: of all."""
    who: str
    """Empty for one that jipyo found."""


@dataclass(frozen=True, slots=True)
class Events:
    """Events in the order of time."""

    events: tuple[EventInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to add."""

    text: str
    who: str
    kind: EventName = "deployment"
    t: str = ""
    """Unix seconds or RFC 3339; by default now."""
    labels: Mapping[str, str] = field(default_factory=dict)


_KEYS = (
    Key("text", TEXT, required=True),
    Key("who", TEXT, required=True),
    Key("kind", one_of(get_args(EventName))),
    Key("t", MOMENT),
    Key("labels", TEXT_MAP),
)
OPERATIONS = (
    Operation(
        "/events",
        Events,
        "Events between `from` and `to`, by default of the last day.",
        ("from", "to", "lang"),
    ),
    Operation(
        "/events",
        EventInfo,
        "Add an event, such as a deployment.",
        ("lang",),
        "post",
        NewEvent,
        {
            "kind": "deployment",
            "text": "api v1.8.0",
            "who": "gitlab-ci",
            "labels": {"job": "api"},
        },
    ),
)


def routes(desk: AlertDesk, lang: Lang) -> list[Route]:
    """The routes over the events of a file."""

    def list_events(request: WebRequest, t: Texts) -> Events:
        end_ms = read_time(request, "to", desk.now_ms() + 1)
        start_ms = read_time(request, "from", end_ms - _SHOWN_MS)
        events = desk.incidents.list_events(start_ms, end_ms)
        return Events(tuple(build_event(event, t) for event in events[-MOST:]))

    def add_event(request: WebRequest, t: Texts) -> EventInfo:
        entered_ms = desk.now_ms()

        def make(
            text: str,
            who: str,
            t: int = entered_ms,
            kind: str = "deployment",
            labels: Mapping[str, str] | None = None,
        ) -> Event:
            return Event(
                t_ms=t,
                kind=EventKind(kind),
                text=text,
                who=who,
                labels=Labels.of(labels or {}),
                entered_ms=entered_ms,
            )

        event = record(make, _KEYS).read(read_json(request))
        return build_event(desk.incidents.add_event(event), t)

    builds = (list_events, add_event)
    pairs = zip(OPERATIONS, builds, strict=True)
    return [json_route(operation, build, lang) for operation, build in pairs]


def build_event(event: Event, t: Texts) -> EventInfo:
    """An event as the API shows it."""
    return EventInfo(
        id=event.id,
        t=event.t_ms / 1000,
        kind=event.kind.value,
        title=name_event_kind(event.kind, t),
        text=event.text,
        labels=dict(event.labels.pairs),
        who=event.who,
    )
