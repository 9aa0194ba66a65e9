"""`reports:` how reports are named, signed, kept and delivered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.alerts.options import ChannelKind
from jipyo.config.alerts import SCHEDULE
from jipyo.config.slo import SELECTOR
from jipyo.i18n import LANGS
from jipyo.model.calendar import PeriodKind
from jipyo.model.errors import ConfigError
from jipyo.reports.options import (
    DOCUMENT_FIELDS,
    KINDS,
    Approver,
    PriceOptions,
    ReportSchedule,
    ReportsOptions,
    SignOffStep,
    TenantOptions,
    find_unknown_fields,
)
from jipyo.schema import (
    BILINGUAL,
    DURATION,
    LABEL,
    NUMBER,
    PATH,
    TEXT,
    Key,
    Kind,
    Node,
    between,
    choice,
    convert,
    gather,
    list_of,
    list_of_named,
    map_of,
    nullable,
    one_of,
    record,
    unknown_word,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_PERIODS = {name: kind for kind, name in KINDS.items() if kind is not PeriodKind.RANGE}
_KIND = convert(one_of(_PERIODS), lambda name, _: _PERIODS[name])
_PRICE = between(NUMBER, "0", "1e12")


def read_document_number(node: Node) -> str:
    """A document number, whose braces name fields."""
    text = TEXT.read(node)
    for name in find_unknown_fields(text):
        raise unknown_word("config.unknown_number_field", node.at, name, DOCUMENT_FIELDS)
    return text


def read_format(node: Node) -> str:
    """The name of a format."""
    from jipyo.reports.render import FORMATS  # noqa: PLC0415  # only where there is a schedule

    name = TEXT.read(node)
    if name not in FORMATS:
        raise unknown_word("schema.unknown_choice", node.at, name, FORMATS)
    return name


def check_tenants(options: TenantOptions, node: Node) -> None:
    """Raise where nothing is counted."""
    if not (options.requests or options.prompt_tokens or options.generation_tokens):
        raise ConfigError("config.no_tenant_counters", where=node.at)


_APPROVER = record(
    Approver,
    (
        Key("step", choice(SignOffStep), required=True),
        Key("name", TEXT),
        Key("title", BILINGUAL),
    ),
)
_PRICES = record(PriceOptions, (Key("currency", TEXT), Key("kwh", _PRICE), Key("gpu_hour", _PRICE)))
_TENANTS = record(
    TenantOptions,
    (
        Key("label", LABEL, required=True),
        Key("model_label", LABEL),
        Key("requests", SELECTOR),
        Key("prompt_tokens", SELECTOR),
        Key("generation_tokens", SELECTOR),
        Key("names", map_of(BILINGUAL, "text_map")),
    ),
    check=check_tenants,
)
_SCHEDULE = record(
    ReportSchedule,
    (
        Key("name", TEXT, required=True),
        Key(
            "report",
            convert(one_of(_PERIODS), lambda name, _: _PERIODS[name]),
            required=True,
            field="kind",
        ),
        Key("schedule", SCHEDULE, required=True),
        Key("formats", list_of(Kind("text", read_format), at_least=1)),
        Key("forms", list_of(PATH)),
        Key("languages", list_of(one_of(LANGS))),
        Key("system", TEXT),
        Key("template", PATH),
        Key("channels", list_of(TEXT)),
        Key("catch_up", between(DURATION, "0s", "90d"), field="catch_up_ms"),
    ),
)
REPORTS = record(
    ReportsOptions,
    (
        Key("folder", PATH),
        Key("document_number", Kind("text", read_document_number)),
        Key("approval", list_of(_APPROVER)),
        Key("recipients", list_of(TEXT)),
        Key("template", PATH),
        Key("work", PATH),
        Key("prices", _PRICES),
        Key("tenants", _TENANTS),
        Key("schedule", list_of_named(_SCHEDULE)),
        Key("retention", nullable(between(DURATION, "1d", "100y")), field="retention_ms"),
    ),
)


def check_report_names(
    schedules: Iterable[ReportSchedule],
    channels: Mapping[str, ChannelKind],
    systems: Collection[str],
) -> None:
    """Raise where a schedule names a channel or a system that it cannot use.

    Raises:
        ConfigError: with all of them.
    """

    def check(key: str, schedule: ReportSchedule, name: str, known: Collection[str]) -> None:
        if name not in known:
            names = ", ".join(sorted(known)) or "–"
            raise ConfigError(key, schedule=schedule.name, name=name, known=names)
        if key == "config.schedule_channel" and channels[name] is ChannelKind.ALERTMANAGER:
            raise ConfigError("config.schedule_alertmanager", schedule=schedule.name, name=name)

    gather(
        partial(check, key, schedule, name, known)
        for schedule in schedules
        for key, names, known in (
            ("config.schedule_channel", schedule.channels, channels),
            ("config.schedule_system", filter(None, [schedule.system]), systems),
        )
        for name in names
    )
