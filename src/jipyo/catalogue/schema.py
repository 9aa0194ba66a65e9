"""The keys of a catalogue file, and what must hold between them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from jipyo.catalogue.metric import (
    Across,
    Compare,
    Direction,
    Exporter,
    Metric,
    MetricGroup,
    MetricQuery,
    NativeCollector,
    Objective,
    Origin,
    ReportShape,
    Section,
    Statistic,
    Summary,
    Thresholds,
    Topic,
    Unit,
)
from jipyo.model.errors import CatalogueError
from jipyo.schema.readers import (
    Key,
    bilingual,
    built,
    choice,
    duration_ms,
    gather,
    label,
    label_map,
    list_of,
    number,
    one_or_list,
    record,
    shown,
    switch,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.schema.tree import Node

VERSION = 1
_DEFAULT_MS = 300_000
_SHARES = (Unit.PERCENT, Unit.RATIO)

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_NAME_REGEX_RANGE = re.compile(r"\{[^{}]*__name__\s*[=!]~[^{}]*\}\s*\[")
_OTHER_MACRO = re.compile(r"\$(?!w\b)\w*")


def _metric_id(node: Node) -> str:
    value = text(node)
    if not _ID.fullmatch(value):
        raise CatalogueError("catalogue.bad_id", where=node.at, value=value)
    return value


def _promql(node: Node) -> str:
    expr = text(node)
    macro = _OTHER_MACRO.search(_without_strings(expr))
    if macro:
        raise CatalogueError("catalogue.unknown_macro", where=node.at, value=macro[0])
    if _NAME_REGEX_RANGE.search(expr):
        raise CatalogueError("catalogue.name_regex_range", where=node.at)
    return expr


def _without_strings(expr: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'", "", expr)


def _choice_key(name: str, kinds: type[Any], **more: Any) -> Key:
    names = tuple(str(member.value) for member in kinds)
    return Key(name, "choice", choice(kinds), choices=names, **more)


RECOVER = (Key("warning", "number", number), Key("critical", "number", number))
THRESHOLDS = (
    Key("warning", "number", number),
    Key("critical", "number", number),
    Key("for", "duration", duration_ms, default=_DEFAULT_MS),
    Key("recover", "mapping", record(RECOVER), inside=RECOVER),
    _choice_key("origin", Origin, default=Origin.SITE),
    Key("note", "bilingual", bilingual),
)
OBJECTIVE = (
    _choice_key("compare", Compare, required=True),
    Key("value", "number", number, required=True),
    _choice_key("origin", Origin, default=Origin.SITE),
    Key("note", "bilingual", bilingual),
)


def _choices_key(name: str, kinds: type[Any], **more: Any) -> Key:
    names = tuple(str(member.value) for member in kinds)
    return Key(name, "choices", one_or_list(choice(kinds)), choices=names, **more)


REPORT = (
    _choices_key("summaries", Summary, default=(Summary.AVG, Summary.P95, Summary.MAX)),
    _choices_key("across", Across, default=(Across.MAX,)),
)
QUERY = (
    Key("exporter", "text", text, required=True),
    Key("promql", "promql", _promql, required=True),
    _choice_key("statistic", Statistic, default=Statistic.FULL),
    Key("fallback", "switch", switch, default=False),
    Key("rename", "label_map", label_map, default={}),
    Key("total", "promql", _promql, field="total_promql"),
    Key("note", "bilingual", bilingual),
)


def _thresholds(node: Node) -> Thresholds:
    keys = record(THRESHOLDS)(node)
    recover: Mapping[str, float | None] = keys["recover"] or {}
    levels = {level: keys[level] for level in ("warning", "critical")}
    if all(value is None for value in levels.values()):
        raise CatalogueError("catalogue.no_level", where=node.at)
    for level, value in levels.items():
        if recover.get(level) is not None and value is None:
            raise CatalogueError("catalogue.recover_without", where=node.at, level=level)
    return Thresholds(
        **levels,
        for_ms=keys["for"],
        recover_warning=recover.get("warning"),
        recover_critical=recover.get("critical"),
        origin=keys["origin"],
        note=keys["note"],
    )


METRIC = (
    Key("id", "id", _metric_id, required=True),
    _choice_key("group", MetricGroup, required=True),
    Key("name", "bilingual", bilingual, required=True),
    Key("description", "bilingual", bilingual, required=True),
    _choice_key("unit", Unit, required=True),
    _choice_key("direction", Direction, required=True),
    Key("labels", "label_list", list_of(label), default=()),
    Key("required", "switch", switch, default=False),
    Key("idle_without_data", "switch", switch, default=False),
    Key("window", "duration", duration_ms, default=_DEFAULT_MS),
    Key("thresholds", "mapping", _thresholds, inside=THRESHOLDS),
    Key("objective", "mapping", built(Objective, OBJECTIVE), inside=OBJECTIVE),
    Key(
        "report",
        "mapping",
        built(ReportShape, REPORT),
        default=ReportShape(
            summaries=(Summary.AVG, Summary.P95, Summary.MAX), across=(Across.MAX,)
        ),
        inside=REPORT,
    ),
    Key("remedy", "bilingual", bilingual),
    Key(
        "queries",
        "mappings",
        list_of(built(MetricQuery, QUERY), at_least=1),
        required=True,
        inside=QUERY,
    ),
)
NATIVE = (
    _choice_key("section", Section, required=True),
    Key("entry", "text", text, required=True),
    Key("setup", "bilingual", bilingual, required=True),
)
EXPORTER = (
    Key("id", "text", text, required=True),
    Key("name", "text", text, required=True),
    Key("builtin", "switch", switch, default=False),
    Key("job", "text", text),
    Key("url", "text", text),
    Key("native", "mapping", built(NativeCollector, NATIVE), inside=NATIVE),
    Key("setup", "bilingual", bilingual, required=True),
)
TOPIC = (
    Key("id", "text", text, required=True),
    Key("name", "bilingual", bilingual, required=True),
)


def _version(node: Node) -> int:
    if node.value != VERSION or isinstance(node.value, bool):
        raise CatalogueError(
            "catalogue.bad_version", where=node.at, value=shown(node), known=VERSION
        )
    return VERSION


def _parts(node: Node) -> tuple[Node, ...]:
    return list_of(lambda item: item)(node)


FILE = (
    Key("version", "version", _version, required=True),
    Key("metrics", "mappings", _parts, default=(), inside=METRIC),
    Key("exporters", "mappings", _parts, default=(), inside=EXPORTER),
    Key("topics", "mappings", _parts, default=(), inside=TOPIC),
)
"""What a file holds; its parts are read one by one, so that each says what is wrong in it."""

read_file = record(FILE)
read_exporter = built(Exporter, EXPORTER)
read_topic = built(Topic, TOPIC)


def read_metric(node: Node) -> Metric:
    """The metric a mapping describes.

    Raises:
        CatalogueError: with every mistake in it.
    """
    keys = record(METRIC)(node)
    metric = Metric(window_ms=keys.pop("window"), **keys, where=node.where)
    checks = (_check_direction, _check_order, _check_shares)
    gather([partial(check, metric, node) for check in checks])
    return metric


def _place(node: Node, *path: str) -> str:
    """Where the innermost key of the path that is there was written."""
    for name in path:
        entry = (node.entries or {}).get(name)
        if entry is None:
            break
        node = entry.node
    return node.at


def _check_direction(metric: Metric, node: Node) -> None:
    if metric.direction is Direction.NEUTRAL and metric.thresholds is not None:
        raise CatalogueError("catalogue.neutral", where=_place(node, "thresholds"))


def _check_shares(metric: Metric, node: Node) -> None:
    """Only of a share can it be said of how many cases it is one."""
    if metric.unit not in _SHARES:
        queries = (node.entries or {})["queries"].node.value
        assert isinstance(queries, tuple)
        places = [_place(query, "total") for query in queries if "total" in query.entries]
        gather([partial(_refuse_count, where, metric.unit) for where in places])


def _refuse_count(where: str, unit: Unit) -> None:
    raise CatalogueError("catalogue.total_of_no_share", where=where, unit=unit.value)


def _check_order(metric: Metric, node: Node) -> None:
    limits = metric.thresholds
    if limits is None or metric.direction is Direction.NEUTRAL:
        return
    sign = 1 if metric.direction is Direction.HIGHER_IS_WORSE else -1
    suffix = "high" if sign > 0 else "low"
    checks = [
        lambda: _check_levels(limits, sign, suffix, _place(node, "thresholds", "warning")),
        *(
            lambda level=level: _check_recovery(
                level, limits, sign, _place(node, "thresholds", "recover", level)
            )
            for level in ("warning", "critical")
        ),
    ]
    gather(checks)


def _check_levels(limits: Thresholds, sign: int, suffix: str, where: str) -> None:
    warning, critical = limits.warning, limits.critical
    if warning is not None and critical is not None and sign * (critical - warning) <= 0:
        raise CatalogueError(
            f"catalogue.order_{suffix}", where=where, warning=warning, critical=critical
        )


def _check_recovery(level: str, limits: Thresholds, sign: int, where: str) -> None:
    value = getattr(limits, level)
    recover = getattr(limits, f"recover_{level}")
    if recover is not None and sign * (value - recover) <= 0:
        key = "catalogue.recover_high" if sign > 0 else "catalogue.recover_low"
        raise CatalogueError(key, where=where, level=level, recover=recover, value=value)
