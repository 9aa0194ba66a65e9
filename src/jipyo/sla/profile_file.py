"""Profiles as YAML: the built-in ones, a site's own, and its changes to one of either."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from jipyo import promql
from jipyo.alerts.options import Weekday
from jipyo.analysis.slo.objective import MissingData
from jipyo.model.attribution import Attribution
from jipyo.model.errors import ConfigError, QueryError
from jipyo.schema import (
    BILINGUAL,
    CLOCK,
    DURATION,
    NUMBER,
    SWITCH,
    TEXT,
    WHOLE,
    Key,
    Kind,
    Node,
    between,
    choice,
    convert,
    list_of,
    map_of,
    merge,
    parse_yaml,
    read_text,
    record,
    unknown_word,
)
from jipyo.sla.holidays import find_public_holidays
from jipyo.sla.profile import (
    Better,
    Indicator,
    Measure,
    OutageMonth,
    PenaltyBand,
    PenaltyRule,
    PenaltyTerms,
    Profile,
    RestoreClock,
    RestorePromise,
    RoundingRule,
    ScoreBand,
    ServiceHours,
    ShiftHours,
)
from jipyo.sla.rounding import round_figure, to_exact
from jipyo.sla.wording import write_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUILTIN_PROFILES = (
    "international",
    "korea-public-press-2025-grade1",
    "korea-public-press-2025-grade2",
)
_SOME_YEAR = 2027
_WEEKDAYS = tuple(Weekday)
_UNITS = {
    Measure.AVAILABILITY: ("%", Better.HIGH, 2),
    Measure.OUTAGES: ("count", Better.LOW, 0),
    Measure.MEAN_RESTORE: ("min", Better.LOW, 1),
    Measure.LONGEST_RESTORE: ("min", Better.LOW, 1),
    Measure.RESTORED_IN_TIME: ("%", Better.HIGH, 1),
    Measure.RATIO: ("%", Better.HIGH, 2),
    Measure.ENTERED: ("points", Better.HIGH, 1),
}
"""Unit, better side and decimals of a measure, where the file does not give them."""


def load_profile(name: str) -> Profile:
    """A built-in profile by its name, or the one of a file by its path.

    Raises:
        ConfigError: there is none, or it has mistakes: all of them, with their places.
    """
    return _load_builtin(name) if name in BUILTIN_PROFILES else _load(name, Path(name).stem)


@lru_cache(maxsize=len(BUILTIN_PROFILES))
def _load_builtin(name: str) -> Profile:
    return _load(name, name)


def _load(name: str, profile_id: str) -> Profile:
    tree = _read_tree(name, ())
    profile: Profile = PROFILE.read(tree)
    digest = hashlib.sha256(orjson.dumps(tree.plain())).hexdigest()
    return replace(profile, id=profile_id, digest=digest)


def read_builtin(name: str) -> str:
    """The text of a built-in profile."""
    return resources.files(__package__).joinpath("profiles", f"{name}.yaml").read_text("utf-8")


def _read_tree(name: str, above: tuple[str, ...]) -> Node:
    """A profile laid upon its base, and that upon its own."""
    if name in BUILTIN_PROFILES:
        tree = parse_yaml(read_builtin(name), f"profiles/{name}.yaml")
    elif Path(name).suffix in (".yaml", ".yml"):
        tree = parse_yaml(read_text(Path(name)), name)
    else:
        where = above[-1] if above else name
        raise unknown_word("sla.unknown_profile", where, name, BUILTIN_PROFILES)
    base = (tree.entries or {}).get("base")
    if base is None:
        return tree
    named = TEXT.read(base.node)
    if named not in BUILTIN_PROFILES:
        named = str(Path(tree.file).parent / named) if Path(named).suffix else named
    if named in (name, *above):
        raise ConfigError("sla.base_circle", where=base.node.at, name=named)
    below = _read_tree(named, (*above, name))
    without = {key: entry for key, entry in (tree.entries or {}).items() if key != "base"}
    return merge(below, replace(tree, value=without))


# ------------------------------------------------------------------------------------- hours


def _make_shift(*, days: tuple[Weekday, ...] = _WEEKDAYS, start: int, end: int) -> ShiftHours:
    return ShiftHours(frozenset(map(_WEEKDAYS.index, days)), start % 1440, end % 1440)


def _check_country(hours: ServiceHours, node: Node) -> None:
    if hours.holidays:
        try:
            find_public_holidays(hours.holidays, _SOME_YEAR)
        except ConfigError as error:
            place = node.find("holidays").at
            raise ConfigError("schema.at", where=place, problem=error, hint=error.hint) from error


_SHIFT = record(
    _make_shift,
    (
        Key("days", list_of(choice(Weekday), at_least=1)),
        Key("from", CLOCK, required=True, field="start"),
        Key("to", CLOCK, required=True, field="end"),
    ),
)
_HOURS = record(
    ServiceHours,
    (Key("shifts", list_of(_SHIFT)), Key("holidays", TEXT)),
    check=_check_country,
)


# -------------------------------------------------------------------------------- indicators


def _read_promql(node: Node) -> str:
    text = TEXT.read(node)
    try:
        promql.parse(fill_query(text, 'job="x"', 3_600_000))
    except QueryError as error:
        raise ConfigError("sla.bad_query", where=node.at, problem=error.message) from error
    if "$w" not in text:
        raise ConfigError("sla.query_without_window", where=node.at)
    return text


def fill_query(text: str, selector: str, window_ms: int) -> str:
    """The PromQL of an indicator for a window and for the matchers of a system."""
    return text.replace("$targets", selector).replace("$w", f"{window_ms}ms")


def _make_indicator(*, measure: Measure, **values: Any) -> Indicator:
    unit, better, decimals = _UNITS[measure]
    factor = 100.0 if measure is Measure.RATIO and values.get("unit", unit) == "%" else 1.0
    defaults = {"unit": unit, "better": better, "decimals": decimals, "factor": factor}
    return Indicator(id="", measure=measure, **{**defaults, **values})


def _check_indicator(indicator: Indicator, node: Node) -> None:
    mistakes = [*_check_limits(indicator, node), *_check_bands(indicator, node)]
    has_queries = bool(indicator.numerator and indicator.denominator)
    has_query = bool(indicator.numerator or indicator.denominator)
    if indicator.measure is Measure.RATIO and not has_queries:
        mistakes.append(ConfigError("sla.ratio_without_queries", where=node.at))
    if indicator.measure is not Measure.RATIO and has_query:
        mistakes.append(ConfigError("sla.queries_without_ratio", where=node.at))
    if mistakes:
        raise ConfigError.of(mistakes)


def _check_limits(indicator: Indicator, node: Node) -> Iterator[ConfigError]:
    if indicator.minimum is not None:
        place = node.find("minimum").at
        if indicator.reaches(indicator.minimum, indicator.target):
            yield ConfigError(
                "sla.minimum_reaches_target",
                where=place,
                minimum=write_plain(indicator.minimum),
                target=write_plain(indicator.target),
            )
        if not indicator.bands:
            yield ConfigError("sla.minimum_without_bands", where=place)
    named = {"target": indicator.target, "minimum": indicator.minimum}
    for name, limit in named.items():
        if limit is not None and not _fits(limit, indicator):
            yield _too_fine(node.find(name), limit, indicator)


def _check_bands(indicator: Indicator, node: Node) -> Iterator[ConfigError]:
    items = node.find("bands").value
    places: Sequence[Node] = items if isinstance(items, tuple) else ()
    for band, place in zip(indicator.bands, places, strict=False):
        if not _fits(band.limit, indicator):
            yield _too_fine(place.find("limit"), band.limit, indicator)
    for band, better, place in zip(indicator.bands[1:], indicator.bands, places[1:], strict=False):
        if indicator.reaches(band.limit, better.limit):
            yield ConfigError("sla.bands_order", where=place.at)
        elif band.points > better.points:
            yield ConfigError("sla.bands_points", where=place.at)


def _fits(limit: float, indicator: Indicator) -> bool:
    return round_figure(to_exact(limit), indicator, RoundingRule.NEAREST) == limit


def _too_fine(node: Node, limit: float, indicator: Indicator) -> ConfigError:
    values = {"limit": write_plain(limit), "decimals": str(indicator.decimals)}
    return ConfigError("sla.limit_too_fine", hint="", where=node.at, **values)


_PROMQL: Kind[str] = Kind("promql", _read_promql)
_POINTS = between(NUMBER, "0", "100")
_BAND = record(
    ScoreBand,
    (
        Key("limit", NUMBER, required=True),
        Key("points", _POINTS, required=True),
        Key("grade", BILINGUAL),
    ),
)
_INDICATOR = record(
    _make_indicator,
    (
        Key("name", BILINGUAL, required=True),
        Key("measure", choice(Measure), required=True),
        Key("weight", between(NUMBER, "0", "1000"), required=True),
        Key("target", NUMBER, required=True),
        Key("minimum", NUMBER),
        Key("unit", TEXT),
        Key("better", choice(Better)),
        Key("decimals", between(WHOLE, "0", "6")),
        Key("bands", list_of(_BAND)),
        Key("otherwise", _POINTS),
        Key("numerator", _PROMQL),
        Key("denominator", _PROMQL),
        Key("factor", NUMBER),
    ),
    options=Indicator,
    check=_check_indicator,
)
_INDICATORS = replace(
    convert(
        map_of(_INDICATOR, "mapping"),
        lambda found, _: tuple(replace(one, id=name) for name, one in found.items()),
    ),
    keys=_INDICATOR.keys,
    defaults=_INDICATOR.defaults,
)


# -------------------------------------------------------------------------- promise and penalty


_RESTORE = record(
    RestorePromise,
    (
        Key("within", between(DURATION, "1m", "30d"), required=True, field="allowed_ms"),
        Key("clock", choice(RestoreClock)),
        Key("factor", between(NUMBER, "0", "100")),
    ),
)
_PERCENT = between(NUMBER, "0", "100")
_PENALTY_RULE = record(
    PenaltyRule,
    (
        Key("indicator", TEXT),
        Key(
            "bands",
            list_of(
                record(
                    PenaltyBand,
                    (Key("limit", NUMBER, required=True), Key("percent", _PERCENT, required=True)),
                ),
                at_least=1,
            ),
            required=True,
        ),
        Key("otherwise", _PERCENT, required=True),
    ),
)
_PENALTY = record(
    PenaltyTerms,
    (
        Key("cap", _PERCENT),
        Key("rules", list_of(_PENALTY_RULE)),
        Key("overrun", SWITCH, field="charges_overrun"),
    ),
)


def _make_profile(
    *,
    counted: tuple[Attribution, ...] = (Attribution.OURS,),
    least_coverage: float = 95.0,
    **values: Any,
) -> Profile:
    share = least_coverage / 100
    return Profile(id="", counted=frozenset(counted), least_coverage=share, **values)


def _check_profile(profile: Profile, node: Node) -> None:
    mistakes: list[ConfigError] = []
    if not profile.indicators:
        mistakes.append(ConfigError("sla.no_indicators", where=node.find("indicators").at))
    elif not any(one.weight for one in profile.indicators):
        mistakes.append(ConfigError("sla.no_weight", where=node.find("indicators").at))
    if profile.restore is None:
        needing = [one for one in profile.indicators if one.measure is Measure.RESTORED_IN_TIME]
        places = [node.find("indicators", one.id, "measure") for one in needing]
        if profile.penalty.charges_overrun:
            places.append(node.find("penalty", "overrun"))
        mistakes.extend(ConfigError("sla.restore_missing", where=one.at) for one in places)
    mistakes.extend(_check_penalty(profile, node))
    if mistakes:
        raise ConfigError.of(mistakes)


def _check_penalty(profile: Profile, node: Node) -> Iterator[ConfigError]:
    by_id = {one.id: one for one in profile.indicators}
    items = node.find("penalty", "rules").value
    places: Sequence[Node] = items if isinstance(items, tuple) else ()
    for rule, place in zip(profile.penalty.rules, places, strict=False):
        indicator = by_id.get(rule.indicator)
        if rule.indicator and indicator is None:
            at = place.find("indicator").at
            yield unknown_word("sla.unknown_indicator", at, rule.indicator, by_id)
            continue
        is_low = indicator is not None and indicator.better is Better.LOW
        limits = [-band.limit if is_low else band.limit for band in rule.bands]
        if any(worse >= better for better, worse in pairwise(limits)):
            yield ConfigError("sla.bands_order", where=place.find("bands").at)


PROFILE: Kind[Profile] = record(
    _make_profile,
    (
        Key("base", TEXT),
        Key("name", BILINGUAL, required=True),
        Key("based_on", BILINGUAL, required=True),
        Key("service_hours", _HOURS, field="hours"),
        Key("counted", list_of(choice(Attribution), at_least=1)),
        Key("outage_month", choice(OutageMonth)),
        Key("missing", choice(MissingData)),
        Key("least_coverage", _PERCENT),
        Key("notice", DURATION, field="notice_ms"),
        Key("restore", _RESTORE),
        Key("rounding", choice(RoundingRule)),
        Key("indicators", _INDICATORS, required=True),
        Key("penalty", _PENALTY),
    ),
    options=Profile,
    check=_check_profile,
)
"""A profile's file."""
