"""What people type about a month of a system: indicators, planned work, outages, attributions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from jipyo.model.attribution import Attribution
from jipyo.model.errors import ConfigError
from jipyo.schema import (
    NUMBER,
    TEXT,
    Key,
    Kind,
    Node,
    choice,
    convert,
    drop_nulls,
    gather,
    list_of,
    map_of,
    parse_yaml,
    quote,
    record,
    unknown_word,
)
from jipyo.sla.profile import Measure
from jipyo.sla.records import ContractOutage, EnteredValue, PlannedWork
from jipyo.sla.wording import name_unit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Texts
    from jipyo.model.calendar import Period
    from jipyo.sla.profile import Profile


@dataclass(frozen=True, slots=True)
class OutageAttribution:
    """Who answers for an outage that jipyo found."""

    by: Attribution
    note: str = ""


@dataclass(frozen=True, slots=True)
class TypedMonth:
    """The file of a month."""

    entered: tuple[EnteredValue, ...] = ()
    planned: tuple[PlannedWork, ...] = ()
    outages: tuple[ContractOutage, ...] = ()
    attribution: Mapping[str, OutageAttribution] | None = None
    """By the id of the outage, or by the number of its incident."""

    def attribute(self, outage: ContractOutage) -> ContractOutage:
        """The outage as the file attributes it, if it does."""
        own = (self.attribution or {}).get(outage.id)
        return outage if own is None else replace(outage, attribution=own.by)


def parse_typed_month(
    text: str, file: str, zone: ZoneInfo, indicators: Collection[str]
) -> TypedMonth:
    """The file of a month; times without an offset are those of the zone's clocks.

    `indicators` are the ids that a value can be typed for.

    Raises:
        ConfigError: with every mistake in it.
    """
    tree = drop_nulls(parse_yaml(text, file))
    return TypedMonth() if tree.value is None else _build_kind(zone, indicators).read(tree)


def write_template(profile: Profile, month: Period, system: str, t: Texts) -> str:
    """A file to fill in for a month: the indicators that are typed, and how the rest is written."""
    day = month.first_day.isoformat()
    typed = [one for one in profile.indicators if one.measure is Measure.ENTERED]
    lines = [
        t("sla.template.head", system=system, month=day[:7]),
        "entered:",
        *(
            f"  # {one.name(t.lang)}, {name_unit(one.unit, t)}\n"
            f"  # {one.id}: {{value: , note: , by: }}"
            for one in typed
        ),
        "",
        t("sla.template.planned"),
        "planned:",
        f"  # - {{approval: , title: , announced: {day} 09:00, start: {day} 22:00,"
        f" end: {day} 23:30}}",
        "",
        t("sla.template.outages"),
        "outages:",
        f"  # - {{id: manual-1, title: , start: {day} 03:00:00, end: {day} 03:20:00, by: ours}}",
        "",
        t("sla.template.attribution"),
        "attribution:",
        "  # 12: {by: customer, note: }",
    ]
    return "\n".join(lines) + "\n"


def _read_moment(zone: ZoneInfo, node: Node) -> int:
    """A local date and time to the second, or one with an offset."""
    text = TEXT.read(node).strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or len(text) <= len("2027-01-01"):
        raise ConfigError("sla.not_a_moment", where=node.at, value=quote(node))
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return int(local.timestamp()) * 1000


def _check_order(start_ms: int, end_ms: int | None, node: Node) -> None:
    if end_ms is not None and end_ms <= start_ms:
        raise ConfigError("sla.ends_before_start", where=node.find("end").at)


def _build_kind(zone: ZoneInfo, indicators: Collection[str]) -> Kind[TypedMonth]:
    moment = Kind("moment", partial(_read_moment, zone))
    value = record(
        lambda **values: values,
        (
            Key("value", NUMBER, required=True),
            Key("note", TEXT, required=True),
            Key("by", TEXT),
        ),
    )
    planned = record(
        PlannedWork,
        (
            Key("approval", TEXT),
            Key("title", TEXT),
            Key("announced", moment, field="announced_ms"),
            Key("start", moment, required=True, field="start_ms"),
            Key("end", moment, required=True, field="end_ms"),
        ),
        check=lambda one, node: _check_order(one.start_ms, one.end_ms, node),
    )
    outage = record(
        _make_outage,
        (
            Key("id", TEXT, required=True),
            Key("start", moment, required=True, field="start_ms"),
            Key("end", moment, field="end_ms"),
            Key("title", TEXT, required=True),
            Key("target", TEXT),
            Key("by", choice(Attribution), field="attribution"),
        ),
        check=lambda one, node: _check_order(one.start_ms, one.end_ms, node),
    )
    attribution = record(
        OutageAttribution,
        (Key("by", choice(Attribution), required=True), Key("note", TEXT)),
    )
    return record(
        TypedMonth,
        (
            Key("entered", convert(map_of(value, "mapping"), partial(_list_entered, indicators))),
            Key("planned", list_of(planned)),
            Key("outages", list_of(outage)),
            Key("attribution", map_of(attribution, "mapping")),
        ),
    )


def _make_outage(*, end_ms: int | None = None, target: str = "", **values: Any) -> ContractOutage:
    return ContractOutage(end_ms=end_ms, target=target, source="entered", **values)


def _list_entered(
    known: Collection[str], found: Mapping[str, dict[str, Any]], node: Node
) -> tuple[EnteredValue, ...]:
    entries = node.entries or {}

    def build(name: str) -> EnteredValue:
        if name not in known:
            raise unknown_word("sla.unknown_indicator", entries[name].key.at, name, known)
        return EnteredValue(name, **found[name])

    return tuple(gather(partial(build, name) for name in found))
