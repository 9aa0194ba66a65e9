"""`alerts:` rules, incidents, and who gets to know of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from jipyo.alerts.matchers import parse_matchers
from jipyo.alerts.notify.channels.webhook import check_body_template
from jipyo.alerts.options import (
    AlertRoute,
    AlertsOptions,
    ChannelKind,
    ChannelOptions,
    Dependency,
    Escalation,
    HeartbeatOptions,
    Maintenance,
    QuietHours,
    RuleOptions,
    SilenceOptions,
    Weekday,
)
from jipyo.analysis.thresholds import Severity
from jipyo.i18n import LANGS
from jipyo.model.errors import ConfigError, QueryError
from jipyo.schema import (
    CLOCK,
    DATE,
    DURATION,
    LABEL,
    PATH,
    SECONDS,
    SECRET,
    SECRET_MAP,
    SWITCH,
    TEXT,
    URL,
    WHOLE,
    Key,
    Kind,
    Node,
    between,
    choice,
    convert,
    gather,
    list_of,
    list_of_named,
    locate,
    map_of,
    one_of,
    quote,
    record,
    switchable,
    unknown_word,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.matcher import Matcher
    from jipyo.model.secret import Secret

_SILENCE = between(DURATION, "1m", "1y")


def read_matchers(node: Node) -> tuple[Matcher, ...]:
    """Matchers of labels as a selector of PromQL, with or without its braces."""
    try:
        return parse_matchers(TEXT.read(node))
    except QueryError as error:
        raise ConfigError(
            "config.not_matchers",
            where=node.at,
            value=quote(node),
            reason=error.message.partition(" parse error: ")[2] or error.message,
        ) from error


def read_schedule(node: Node) -> str:
    """A cron expression of five fields."""
    from cronsim import CronSim, CronSimError  # noqa: PLC0415  # only where there is a schedule

    text = TEXT.read(node)
    try:
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ConfigError("config.not_a_schedule", where=node.at, value=text) from error
    return text


_MATCHERS = Kind("matchers", read_matchers)
SCHEDULE = Kind("schedule", read_schedule)
"""A cron expression of five fields."""
_SEVERITIES = {word.state.value: word for word in (Severity.WARNING, Severity.CRITICAL)}
_SEVERITY = replace(
    convert(one_of(_SEVERITIES), lambda word, _: _SEVERITIES[word]),
    show=lambda severity: severity.state.value,
)
_MATCH = Key("match", _MATCHERS, field="matchers")
_NAMES = list_of(TEXT, at_least=1)
_TIMEOUT = Key("timeout", between(SECONDS, "1s", "1m"), field="timeout_s")

_RULE = record(
    RuleOptions,
    (
        Key("enabled", SWITCH),
        Key("keep_firing", between(DURATION, "0s", "1d"), field="keep_firing_ms"),
        Key("runbook", URL),
    ),
)


def check_address(options: ChannelOptions | HeartbeatOptions, node: Node) -> None:
    """Raise where there is not exactly one of `url` and `url_file`."""
    if bool(options.url) == (options.url_file is not None):
        raise ConfigError("config.one_address", where=node.at)


def check_channel(options: ChannelOptions, node: Node) -> None:
    """Raise where there is no address, or the template of a webhook can make no body."""
    check_address(options, node)
    if options.template:
        try:
            check_body_template(options.template)
        except ConfigError as error:
            raise locate(node.find("template"), error) from error


def make_channel(headers: Mapping[str, Secret] | None = None, **values: Any) -> ChannelOptions:
    """The options with the headers as pairs."""
    return ChannelOptions(headers=tuple((headers or {}).items()), **values)


_CHANNEL = record(
    make_channel,
    (
        Key("name", TEXT, required=True),
        Key("kind", choice(ChannelKind)),
        Key("url", SECRET),
        Key("url_file", PATH),
        Key("template", TEXT),
        Key("headers", SECRET_MAP),
        Key("ca_file", PATH),
        Key("language", one_of(LANGS)),
        Key("charts", SWITCH),
        Key("max_per_hour", between(WHOLE, "1", "10000")),
        _TIMEOUT,
    ),
    options=ChannelOptions,
    check=check_channel,
)
_ROUTE = record(AlertRoute, (Key("channels", _NAMES, required=True), _MATCH))
_ESCALATION = record(
    Escalation,
    (
        Key("after", between(DURATION, "1m", "7d"), required=True, field="after_ms"),
        Key("channels", _NAMES, required=True),
        Key("severity", _SEVERITY),
    ),
)
_QUIET_HOURS = record(
    QuietHours,
    (
        Key("from", CLOCK, required=True, field="from_minute"),
        Key("to", CLOCK, required=True, field="to_minute"),
        Key("days", list_of(choice(Weekday), at_least=1)),
        Key("severities", list_of(_SEVERITY, at_least=1)),
    ),
)
_DEPENDENCY = record(
    Dependency,
    (
        replace(_MATCH, required=True),
        Key("needs", _MATCHERS, required=True),
        Key("equal", list_of(LABEL)),
    ),
)
_MAINTENANCE = record(
    Maintenance,
    (
        Key("name", TEXT, required=True),
        Key("schedule", SCHEDULE, required=True),
        Key("duration", between(DURATION, "1m", "7d"), required=True, field="duration_ms"),
        _MATCH,
        Key("approval", TEXT),
        Key("announced", DATE),
    ),
)
_SILENCES = record(
    SilenceOptions,
    (
        Key("default_duration", _SILENCE, field="default_duration_ms"),
        Key("max_duration", _SILENCE, field="max_duration_ms"),
    ),
)
_HEARTBEAT = record(
    HeartbeatOptions,
    (
        Key("url", SECRET),
        Key("url_file", PATH),
        Key("interval", between(DURATION, "10s", "1d"), field="interval_ms"),
        _TIMEOUT,
    ),
    check=check_address,
)


def check_alerts(options: AlertsOptions, node: Node) -> None:
    """Raise where a route or an escalation names a channel that there is not."""
    known = {channel.name for channel in options.channels}
    silences = options.silences

    def check(name: str, place: Node) -> None:
        if not known:
            raise ConfigError("config.no_channels", where=place.at, name=name)
        if name not in known:
            raise unknown_word("config.unknown_channel", place.at, name, known)

    gather(
        partial(check, place.raw or "", place)
        for section in ("routes", "escalation")
        for item in _list_items(node.find(section))
        for place in _list_items(item.find("channels"))
    )
    if silences.default_duration_ms > silences.max_duration_ms:
        raise ConfigError("config.silence_too_long", where=node.find("silences").at)


def _list_items(node: Node) -> tuple[Node, ...]:
    return node.value if isinstance(node.value, tuple) else ()


def make_alerts(rules: Mapping[str, RuleOptions] | None = None, **values: Any) -> AlertsOptions:
    """The options with those of the rules as pairs."""
    return AlertsOptions(rules=tuple((rules or {}).items()), **values)


ALERTS = switchable(
    record(
        make_alerts,
        (
            Key("interval", between(DURATION, "1s", "1h"), field="interval_ms"),
            Key("rule_files", list_of(PATH)),
            Key("rules", map_of(_RULE, "rule_map")),
            Key("failed_readings", between(WHOLE, "1", "20")),
            Key("keep_firing", between(DURATION, "0s", "1d"), field="keep_firing_ms"),
            Key("join", between(DURATION, "0s", "1d"), field="join_ms"),
            Key("external_url", URL),
            Key("dependencies", list_of(_DEPENDENCY)),
            Key("channels", list_of_named(_CHANNEL)),
            Key("routes", list_of(_ROUTE)),
            Key("escalation", list_of(_ESCALATION)),
            Key("quiet_hours", list_of(_QUIET_HOURS)),
            Key("on_call", PATH),
            Key("silences", _SILENCES),
            Key("maintenance", list_of_named(_MAINTENANCE)),
            Key("heartbeat", _HEARTBEAT),
        ),
        options=AlertsOptions,
        check=check_alerts,
    ),
    AlertsOptions,
)
