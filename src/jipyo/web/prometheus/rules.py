"""`/api/v1/rules` and `/api/v1/alerts`: what is evaluated, and what came of it.

Follows `rules` of web/api/v1/api.go of Prometheus 3.16.
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from jipyo import promql
from jipyo.model.matcher import select_all
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.http.params import invalid_parameter, parse_int, quote
from jipyo.web.prometheus.route import prometheus_route
from jipyo.web.prometheus.series import rejecting_empty_match
from jipyo.web.prometheus.status import format_time
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.alerts.rule_groups import ActiveAlert, RuleGroupStatus, RuleStatus
    from jipyo.model.matcher import Matcher
    from jipyo.web.http.endpoint import Route

    ListGroups = Callable[[], Sequence[RuleGroupStatus]]

_SWITCHES = {
    **dict.fromkeys(("1", "t", "true"), True),
    **dict.fromkeys(("0", "f", "false"), False),
}
_MOST_GROUPS = 2**31 - 1


def routes(groups: ListGroups) -> list[Route]:
    """The routes over the groups at the time of the request."""
    return [
        prometheus_route("/rules", partial(list_rules, groups)),
        prometheus_route("/alerts", partial(list_alerts, groups)),
    ]


def list_alerts(groups: ListGroups, _request: WebRequest) -> WebResponse:
    """All alerts that are pending or firing."""
    rules = [rule for group in groups() for rule in group.rules]
    alerts = [_build_alert(alert) for rule in rules for alert in rule.alerts]
    return WebResponse(encode.data({"alerts": alerts}))


def list_rules(groups: ListGroups, request: WebRequest) -> WebResponse:
    """The groups with the rules that the parameters select; groups without any are left out."""
    matchers = _read_matchers(request)
    kind = request.first("type").lower()
    if kind not in ("", "alert", "record"):
        raise invalid_parameter("type", f"not supported value {quote(kind)}")
    is_without_alerts = _read_switch(request, "exclude_alerts")
    limit, token = _read_page(request)
    shown: list[dict[str, object]] = []
    next_token = ""
    for group in _skip_to(sorted(groups(), key=lambda one: (one.file, one.name)), token):
        rules = [rule for rule in group.rules if _is_wanted(rule, kind, matchers, request)]
        if not rules or not _is_wanted_group(group, request):
            continue
        if limit and len(shown) == limit:
            next_token = _name_page(group)
            break
        shown.append(_build_group(group, rules, is_without_alerts))
    page = {"groupNextToken": next_token} if next_token else {}
    return WebResponse(encode.data({"groups": shown, **page}))


# ----------------------------------------------------------------------------------- parameters


def _read_matchers(request: WebRequest) -> list[tuple[Matcher, ...]]:
    with rejecting_empty_match():
        return [promql.parse_selector(text) for text in request.values("match[]")]


def _read_switch(request: WebRequest, name: str) -> bool:
    text = request.first(name).lower()
    if text and text not in _SWITCHES:
        reason = f"strconv.ParseBool: parsing {quote(text)}: invalid syntax"
        raise invalid_parameter(name, f"error converting {name}: {reason}")
    return _SWITCHES.get(text, False)


def _read_page(request: WebRequest) -> tuple[int, str]:
    """How many groups are wanted, 0 for all, and with which they begin."""
    limit, token = request.first("group_limit"), request.first("group_next_token")
    if not limit:
        if token:
            reason = "group_limit needs to be present in order to paginate over the groups"
            raise invalid_parameter("group_next_token", reason)
        return 0, ""
    number = parse_int(limit)
    if number is None or abs(number) > _MOST_GROUPS:
        problem = "invalid syntax" if number is None else "value out of range"
        reason = f"strconv.ParseInt: parsing {quote(limit)}: {problem}"
        raise invalid_parameter("group_limit", f"group_limit needs to be a valid number: {reason}")
    if number <= 0:
        raise invalid_parameter("group_limit", "group_limit needs to be greater than 0")
    return number, token


def _name_page(group: RuleGroupStatus) -> str:
    return sha256(f"{group.file};{group.name}".encode()).hexdigest()


def _skip_to(groups: Sequence[RuleGroupStatus], token: str) -> Sequence[RuleGroupStatus]:
    if not token:
        return groups
    first = next((i for i, group in enumerate(groups) if _name_page(group) == token), None)
    if first is None:
        reason = f"invalid group_next_token '{token}'. were rule groups changed?"
        raise invalid_parameter("group_next_token", reason)
    return groups[first:]


def _is_wanted_group(group: RuleGroupStatus, request: WebRequest) -> bool:
    names, files = request.values("rule_group[]"), request.values("file[]")
    return (not names or group.name in names) and (not files or group.file in files)


def _is_wanted(
    rule: RuleStatus, kind: str, matchers: Sequence[tuple[Matcher, ...]], request: WebRequest
) -> bool:
    names = request.values("rule_name[]")
    return (
        (not kind or rule.is_recording == (kind == "record"))
        and (not names or rule.name in names)
        and (not matchers or any(select_all(each, rule.labels) for each in matchers))
    )


# ------------------------------------------------------------------------------------- documents


def _build_group(
    group: RuleGroupStatus, rules: Sequence[RuleStatus], is_without_alerts: bool
) -> dict[str, object]:
    return {
        "name": group.name,
        "file": group.file,
        "rules": [dict(_build_rule(rule, is_without_alerts)) for rule in rules],
        "interval": group.interval_ms / 1000,
        "limit": 0,
        "evaluationTime": group.duration_s,
        "lastEvaluation": format_time(group.evaluated_ms),
    }


def _build_rule(rule: RuleStatus, is_without_alerts: bool) -> Iterator[tuple[str, object]]:
    """The pairs in Prometheus' order."""
    if not rule.is_recording:
        yield "state", rule.state
    yield "name", rule.name
    yield "query", rule.query
    if not rule.is_recording:
        yield "duration", rule.for_ms / 1000
        yield "keepFiringFor", rule.keep_firing_ms / 1000
    yield "labels", dict(rule.labels.pairs)
    if not rule.is_recording:
        yield "annotations", dict(sorted(rule.annotations))
        alerts = None if is_without_alerts else [_build_alert(alert) for alert in rule.alerts]
        yield "alerts", alerts
    yield "health", rule.health
    if rule.error:
        yield "lastError", rule.error
    yield "evaluationTime", rule.duration_s
    yield "lastEvaluation", format_time(rule.evaluated_ms)
    yield "type", "recording" if rule.is_recording else "alerting"


def _build_alert(alert: ActiveAlert) -> dict[str, object]:
    kept = alert.keep_firing_ms
    return {
        "labels": dict(alert.labels.pairs),
        "annotations": dict(sorted(alert.annotations)),
        "state": alert.prometheus_state,
        "activeAt": format_time(alert.active_ms),
        **({} if kept is None else {"keepFiringSince": format_time(kept)}),
        "value": format_value(alert.value),
    }


def format_value(value: float) -> str:
    """A number as Go writes it with an exponent: `1.5e+00`."""
    text = repr(float(value)) if value == value else "NaN"
    if text == "NaN" or "inf" in text:
        return {"inf": "+Inf", "-inf": "-Inf"}.get(text, text)
    digits = len(text.lower().partition("e")[0].replace("-", "").replace(".", "").strip("0"))
    return f"{value:.{max(digits - 1, 0)}e}"
