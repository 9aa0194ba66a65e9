"""`/api/jipyo/silences` and `/api/jipyo/maintenance`: of what nobody is notified for a while."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from jipyo.alerts.matchers import write_matchers
from jipyo.alerts.silence import MaintenanceWindow, Silence
from jipyo.schema import ANY_TEXT, DURATION, TEXT, Key, between, record
from jipyo.web.api.operation import Operation, json_route, read_json
from jipyo.web.api.written import MATCHERS, MOMENT, read_number, to_seconds
from jipyo.web.http.params import read_time

if TYPE_CHECKING:
    from jipyo.i18n import Lang, Texts
    from jipyo.model.matcher import Matcher
    from jipyo.web.api.alert_desk import AlertDesk
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

_DAY_MS = 86_400_000
_SHOWN_MS = 7 * _DAY_MS
"""Maintenance windows that are listed without `from` and `to`: of so long before and after now."""

Phase = Literal["active", "upcoming", "over", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceInfo:
    """Alerts of which nobody is notified for a while."""

    id: int
    phase: Phase
    match: str
    """Matchers of the alerts' labels."""
    start: float
    end: float
    who: str
    reason: str
    entered: float
    expired_by: str
    """Who ended it early; empty where nobody did."""


@dataclass(frozen=True, slots=True)
class Silences:
    """The silences that are not over, the last to end first."""

    t: float
    silences: tuple[SilenceInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceInfo:
    """Planned work from one moment to another."""

    id: str
    """A number, or the name in the configuration and the day."""
    phase: Phase
    name: str
    match: str
    """Matchers of what is worked on; empty for everything."""
    start: float
    end: float
    announced: float | None
    """When users were informed."""
    approval: str
    """The number under which it was approved."""
    who: str
    """Who entered it; empty for one of the configuration."""
    cancelled: float | None
    cancelled_by: str


@dataclass(frozen=True, slots=True)
class MaintenanceWindows:
    """Maintenance windows in the order of time."""

    t: float
    windows: tuple[MaintenanceInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSilence:
    """A silence to add."""

    match: str
    """Matchers such as `job="vllm", severity="warning"`; at least one that excludes something."""
    who: str
    reason: str
    duration: str = ""
    """Such as `2h`; by default that of the configuration."""
    start: str = ""
    """Unix seconds or RFC 3339; by default now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMaintenance:
    """A maintenance window to add."""

    name: str
    start: str
    """Unix seconds or RFC 3339."""
    end: str
    who: str
    match: str = ""
    """Matchers of what is worked on; by default everything."""
    announced: str = ""
    """When users were informed; by default they were not."""
    approval: str = ""


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """Who ends something early."""

    who: str


_ENDING = record(EarlyEnd, (Key("who", TEXT, required=True),))
_SILENCE_KEYS = (
    Key("match", MATCHERS, required=True),
    Key("who", TEXT, required=True),
    Key("reason", TEXT, required=True),
    Key("duration", between(DURATION, "1s", "100y")),
    Key("start", MOMENT),
)
_WINDOW_KEYS = (
    Key("name", TEXT, required=True),
    Key("start", MOMENT, required=True, field="start_ms"),
    Key("end", MOMENT, required=True, field="end_ms"),
    Key("who", TEXT, required=True),
    Key("match", MATCHERS, field="matchers"),
    Key("announced", MOMENT, field="announced_ms"),
    Key("approval", ANY_TEXT),
)
_READ = ("lang",)
_OF_ONE = ("id", "lang")

OPERATIONS = (
    Operation("/silences", Silences, "The silences that are not over."),
    Operation(
        "/silences",
        SilenceInfo,
        "Add a silence.",
        _READ,
        "post",
        NewSilence,
        {"match": 'job="vllm"', "who": "김운영", "reason": "모델 교체", "duration": "30m"},
    ),
    Operation(
        "/silences/{id}/expire",
        SilenceInfo,
        "End a silence now.",
        _OF_ONE,
        "post",
        EarlyEnd,
        {"who": "김운영"},
    ),
    Operation(
        "/maintenance",
        MaintenanceWindows,
        "Maintenance windows, single ones and those of the configuration.",
        ("from", "to", "lang"),
    ),
    Operation(
        "/maintenance",
        MaintenanceInfo,
        "Add a maintenance window.",
        _READ,
        "post",
        NewMaintenance,
        {
            "name": "GPU 드라이버 교체",
            "start": "2027-01-10T02:00:00+09:00",
            "end": "2027-01-10T04:00:00+09:00",
            "who": "김운영",
            "match": 'instance="gpu-server-1"',
            "approval": "2027-011",
        },
    ),
    Operation(
        "/maintenance/{id}/cancel",
        MaintenanceInfo,
        "Call a maintenance window off.",
        _OF_ONE,
        "post",
        EarlyEnd,
        {"who": "김운영"},
    ),
)


@dataclass(frozen=True, slots=True)
class SilencePages:
    """Answers and edits over silences and maintenance windows."""

    desk: AlertDesk

    def list_silences(self, _request: WebRequest, _t: Texts) -> Silences:
        """The silences that are not over."""
        now_ms = self.desk.now_ms()
        rows = [build_silence(one, now_ms) for one in self.desk.incidents.list_silences(now_ms)]
        return Silences(now_ms / 1000, tuple(sorted(rows, key=lambda one: -one.end)))

    def add_silence(self, request: WebRequest, _t: Texts) -> SilenceInfo:
        """Add one."""
        now_ms, options = self.desk.now_ms(), self.desk.options.silences

        def make(
            match: tuple[Matcher, ...],
            who: str,
            reason: str,
            duration: int = options.default_duration_ms,
            start: int = now_ms,
        ) -> Silence:
            return Silence(
                matchers=match,
                start_ms=start,
                end_ms=start + duration,
                who=who,
                reason=reason,
                entered_ms=now_ms,
            )

        silence = record(make, _SILENCE_KEYS).read(read_json(request))
        return build_silence(self.desk.incidents.add_silence(silence, options), now_ms)

    def expire_silence(self, request: WebRequest, t: Texts) -> SilenceInfo:
        """End one."""
        ending, now_ms = _ENDING.read(read_json(request)), self.desk.now_ms()
        number = read_number(request, "id", t, "silence.unknown")
        return build_silence(self.desk.incidents.expire_silence(number, ending.who), now_ms)

    def list_windows(self, request: WebRequest, _t: Texts) -> MaintenanceWindows:
        """The windows of a time."""
        now_ms = self.desk.now_ms()
        start_ms = read_time(request, "from", now_ms - _SHOWN_MS)
        windows = self.desk.list_windows(start_ms, read_time(request, "to", now_ms + _SHOWN_MS))
        return MaintenanceWindows(
            now_ms / 1000, tuple(build_window(window, now_ms) for window in windows)
        )

    def add_window(self, request: WebRequest, _t: Texts) -> MaintenanceInfo:
        """Add one."""
        now_ms = self.desk.now_ms()
        unsaid: dict[str, Any] = {"matchers": (), "announced_ms": None}
        make = partial(MaintenanceWindow, id="", entered_ms=now_ms, **unsaid)
        window = record(make, _WINDOW_KEYS).read(read_json(request))
        return build_window(self.desk.incidents.add_window(window), now_ms)

    def cancel_window(self, request: WebRequest, t: Texts) -> MaintenanceInfo:
        """Call one off."""
        ending, now_ms = _ENDING.read(read_json(request)), self.desk.now_ms()
        number = read_number(request, "id", t, "maintenance.unknown")
        return build_window(self.desk.incidents.cancel_window(number, ending.who), now_ms)


def routes(desk: AlertDesk, lang: Lang) -> list[Route]:
    """The routes over the silences and windows."""
    pages = SilencePages(desk)
    builds = (
        pages.list_silences,
        pages.add_silence,
        pages.expire_silence,
        pages.list_windows,
        pages.add_window,
        pages.cancel_window,
    )
    pairs = zip(OPERATIONS, builds, strict=True)
    return [json_route(operation, build, lang) for operation, build in pairs]


def build_silence(silence: Silence, now_ms: int) -> SilenceInfo:
    """A silence as the API shows it."""
    return SilenceInfo(
        id=silence.id,
        phase=_find_phase(silence.start_ms, silence.end_ms, now_ms),
        match=write_matchers(silence.matchers),
        start=silence.start_ms / 1000,
        end=silence.end_ms / 1000,
        who=silence.who,
        reason=silence.reason,
        entered=silence.entered_ms / 1000,
        expired_by=silence.expired_by,
    )


def build_window(window: MaintenanceWindow, now_ms: int) -> MaintenanceInfo:
    """A maintenance window as the API shows it."""
    phase = _find_phase(window.start_ms, window.end_ms, now_ms)
    return MaintenanceInfo(
        id=window.id,
        phase="cancelled" if window.cancelled_ms is not None else phase,
        name=window.name,
        match=write_matchers(window.matchers),
        start=window.start_ms / 1000,
        end=window.end_ms / 1000,
        announced=to_seconds(window.announced_ms),
        approval=window.approval,
        who=window.who,
        cancelled=to_seconds(window.cancelled_ms),
        cancelled_by=window.cancelled_by,
    )


def _find_phase(start_ms: int, end_ms: int, now_ms: int) -> Phase:
    return "over" if end_ms <= now_ms else "active" if start_ms <= now_ms else "upcoming"
