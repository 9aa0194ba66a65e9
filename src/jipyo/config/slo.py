"""`slo:` the site's service level objectives."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from jipyo import promql
from jipyo.analysis.slo.objective import MissingData, SloPeriod
from jipyo.analysis.slo.options import ObjectiveOptions, SloOptions
from jipyo.model.calendar import PeriodKind
from jipyo.model.errors import ConfigError, QueryError
from jipyo.promql.syntax.signatures import ValueType
from jipyo.schema import (
    ANY_TEXT,
    BILINGUAL,
    DURATION,
    LABEL,
    NUMBER,
    SECONDS,
    SWITCH,
    TEXT,
    Key,
    Kind,
    between,
    choice,
    list_of,
    list_of_named,
    quote,
    record,
    switchable,
    wrong_kind,
)

if TYPE_CHECKING:
    from jipyo.schema import Node

_PERIODS = {kind.value: kind for kind in PeriodKind if kind is not PeriodKind.RANGE}
_ROLLING = between(DURATION, "1h", "400d")
_MINUTE_MS = 60_000
_TARGET = re.compile(r"\s*([0-9]{1,2}(?:\.[0-9]{1,9})?)\s*%?\s*")


def read_target(node: Node) -> Fraction:
    """`99.9` or `99.9%` as a share, exactly as it is written; neither nothing nor everything."""
    text = _TARGET.fullmatch(ANY_TEXT.read(node))
    if text is None or not 0 < Fraction(text[1]) < 100:
        raise wrong_kind(node, "target")
    return Fraction(text[1]) / 100


def read_period(node: Node) -> SloPeriod:
    """A calendar period, or a length of time for the last so long."""
    text = TEXT.read(node)
    if text in _PERIODS:
        return SloPeriod(_PERIODS[text])
    try:
        rolling_ms = _ROLLING.read(node)
    except ConfigError as error:
        raise wrong_kind(node, "slo_period") from error
    if rolling_ms % _MINUTE_MS:
        raise wrong_kind(node, "slo_period")
    return SloPeriod(PeriodKind.RANGE, rolling_ms)


def read_selector(node: Node) -> str:
    """A selector of series, as PromQL writes it."""
    text = TEXT.read(node)
    try:
        promql.parse_selector(text)
    except QueryError as error:
        raise _wrong_promql(node, error) from error
    return text


def read_expression(node: Node) -> str:
    """PromQL that gives series with a value each."""
    text = TEXT.read(node)
    try:
        tree = promql.parse(text)
    except QueryError as error:
        raise _wrong_promql(node, error) from error
    if tree.value_type is not ValueType.VECTOR:
        raise ConfigError("slo.not_a_vector", where=node.at, value=quote(node))
    return text


def _wrong_promql(node: Node, error: QueryError) -> ConfigError:
    return ConfigError("slo.wrong_promql", where=node.at, reason=error.message)


def check_objective(options: ObjectiveOptions, node: Node) -> None:
    """Raise where its parts do not make one objective."""
    kinds = (options.metric, options.total, options.histogram, options.expr)
    if sum(map(bool, kinds)) != 1:
        raise ConfigError("slo.one_indicator", where=node.at)
    for problem, is_wrong in _list_problems(options):
        if is_wrong:
            raise ConfigError(f"slo.{problem}", where=node.at)


def _list_problems(options: ObjectiveOptions) -> tuple[tuple[str, bool], ...]:
    has_one_part = bool(options.good) is not bool(options.bad)
    has_part = bool(options.good or options.bad)
    both = options.at_most is not None and options.at_least is not None
    return (
        (
            "good_or_bad",
            bool(options.total) is not has_one_part or (has_part and not options.total),
        ),
        ("histogram_within", bool(options.histogram) and options.within_s is None),
        (
            "within_of_requests",
            bool(options.total or options.expr) and options.within_s is not None,
        ),
        ("at_most_or_least", both or (bool(options.expr) and not options.counts_minutes)),
        ("limit_of_requests", bool(options.total or options.histogram) and options.counts_minutes),
        ("within_or_limit", options.within_s is not None and options.counts_minutes),
        ("by_of_own", bool(options.metric or options.expr) and bool(options.by)),
        (
            "missing_of_requests",
            options.missing is not MissingData.IGNORE and not options.counts_minutes,
        ),
    )


SELECTOR = Kind("selector", read_selector)
"""A selector of series, as PromQL writes it."""
_OBJECTIVE = record(
    ObjectiveOptions,
    (
        Key("name", TEXT, required=True),
        Key("title", BILINGUAL),
        Key("target", Kind("target", read_target, effective=ANY_TEXT.effective), required=True),
        Key("metric", TEXT),
        Key("total", SELECTOR),
        Key("good", SELECTOR),
        Key("bad", SELECTOR),
        Key("histogram", SELECTOR),
        Key("within", between(SECONDS, "1ms", "1d"), field="within_s"),
        Key("by", list_of(LABEL)),
        Key("expr", Kind("promql", read_expression)),
        Key("at_most", NUMBER),
        Key("at_least", NUMBER),
        Key("period", Kind("slo_period", read_period)),
        Key("missing", choice(MissingData)),
    ),
    check=check_objective,
)


def read_objective(node: Node) -> ObjectiveOptions:
    """An objective with the place that it is written at."""
    return replace(_OBJECTIVE.read(node), where=node.at)


SLO = switchable(
    record(
        SloOptions,
        (
            Key("specification", SWITCH),
            Key("objectives", list_of_named(replace(_OBJECTIVE, read=read_objective))),
        ),
    ),
    SloOptions,
)
