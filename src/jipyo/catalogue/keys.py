"""The keys of a catalogue file, and what must hold between them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
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
    NotExported,
    Objective,
    Origin,
    ReportShape,
    Role,
    Section,
    Statistic,
    Summary,
    Thresholds,
    Topic,
    Unit,
)
from jipyo.model.errors import CatalogueError
from jipyo.schema import (
    BILINGUAL,
    DURATION,
    LABEL,
    LABEL_MAP,
    NUMBER,
    SWITCH,
    TEXT,
    Key,
    Kind,
    Node,
    choice,
    convert,
    gather,
    list_of,
    one_or_list,
    quote,
    record,
)

if TYPE_CHECKING:
    from jipyo.model.bilingual import Bilingual

VERSION = 1
_SHARES = (Unit.PERCENT, Unit.RATIO)
_LEVELS = ("warning", "critical")

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_NAME_REGEX_RANGE = re.compile(r"\{[^{}]*__name__\s*[=!]~[^{}]*\}\s*\[")
_OTHER_MACRO = re.compile(r"\$(?!(?:w|readings|recent)\b)\w*")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'")


# ---------------------------------------------------------------------------- kinds of values


def read_version(node: Node) -> int:
    """The version of the file's form, which is the one that we know."""
    if node.value != VERSION or isinstance(node.value, bool):
        raise CatalogueError(
            "catalogue.bad_version", where=node.at, value=quote(node), known=VERSION
        )
    return VERSION


def read_id(node: Node) -> str:
    """The id of a metric: lower-case words joined by points."""
    value = TEXT.read(node)
    if not _ID.fullmatch(value):
        raise CatalogueError("catalogue.bad_id", where=node.at, value=value)
    return value


def _read_promql(node: Node) -> str:
    expr = TEXT.read(node)
    macro = _OTHER_MACRO.search(_STRING.sub("", expr))
    if macro:
        raise CatalogueError("catalogue.unknown_macro", where=node.at, value=macro[0])
    if _NAME_REGEX_RANGE.search(expr):
        raise CatalogueError("catalogue.name_regex_range", where=node.at)
    return expr


_PROMQL = Kind("promql", _read_promql)


# ------------------------------------------------------------------------- metrics and queries


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recovery:
    """Where a breach ends, by level."""

    warning: float | None = None
    critical: float | None = None


def _make_thresholds(
    recover: _Recovery = _Recovery(),
    **values: float | int | Origin | Bilingual,
) -> Thresholds:
    return Thresholds(
        **values,  # type: ignore[arg-type]  # the keys' kinds say what each one is
        recover_warning=recover.warning,
        recover_critical=recover.critical,
    )


def _check_levels(thresholds: Thresholds, node: Node) -> None:
    """Raise where there is no level, or a recovery from a level that is not there."""
    if all(getattr(thresholds, level) is None for level in _LEVELS):
        raise CatalogueError("catalogue.no_level", where=node.at)
    for level in _LEVELS:
        recovery = getattr(thresholds, f"recover_{level}")
        if recovery is not None and getattr(thresholds, level) is None:
            raise CatalogueError("catalogue.recover_without", where=node.at, level=level)


_LEVEL_KEYS = (Key("warning", NUMBER), Key("critical", NUMBER))
_THRESHOLDS = record(
    _make_thresholds,
    (
        *_LEVEL_KEYS,
        Key("for", DURATION, field="for_ms"),
        Key("recover", record(_Recovery, _LEVEL_KEYS)),
        Key("keep_firing_for", DURATION, field="keep_firing_ms"),
        Key("origin", choice(Origin)),
        Key("note", BILINGUAL),
    ),
    options=Thresholds,
    check=_check_levels,
)
_OBJECTIVE = record(
    Objective,
    (
        Key("compare", choice(Compare), required=True),
        Key("value", NUMBER, required=True),
        Key("origin", choice(Origin)),
        Key("note", BILINGUAL),
    ),
)
_REPORT = record(
    ReportShape,
    (
        Key("summaries", one_or_list(choice(Summary))),
        Key("across", one_or_list(choice(Across))),
    ),
)
_QUERY = record(
    MetricQuery,
    (
        Key("exporter", TEXT, required=True),
        Key("promql", _PROMQL),
        Key("members", _PROMQL),
        Key("transient", _PROMQL),
        Key("identity", list_of(LABEL)),
        Key("statistic", choice(Statistic)),
        Key("fallback", SWITCH),
        Key("rename", LABEL_MAP),
        Key("total", _PROMQL, field="total_promql"),
        Key("note", BILINGUAL),
    ),
)


def check_metric(metric: Metric, node: Node) -> None:
    """Raise what does not fit together in a metric whose keys are each right."""
    checks = (_check_order, _check_shares, _check_members)
    gather(partial(check, metric, node) for check in checks)


def _check_members(metric: Metric, node: Node) -> None:
    """A query has either its PromQL or the members of which a loss is made."""
    queries = node.find("queries").value
    assert isinstance(queries, tuple)
    mistakes = [
        CatalogueError("catalogue.promql_or_members", where=query.at)
        for query in queries
        if ("promql" in query.entries) == ("members" in query.entries)
    ]
    mistakes += [
        CatalogueError("catalogue.members_of_no_loss", where=query.find("members").at)
        for query in queries
        if "members" in query.entries and not (metric.loss and metric.labels)
    ]
    if mistakes:
        raise CatalogueError.of(mistakes)


def _check_shares(metric: Metric, node: Node) -> None:
    """Only a share is out of a total number of cases."""
    queries = node.find("queries").value
    assert isinstance(queries, tuple)
    places = [query.find("total").at for query in queries if "total" in query.entries]
    if places and metric.unit not in _SHARES:
        raise CatalogueError.of(
            [
                CatalogueError("catalogue.total_of_no_share", where=where, unit=metric.unit.value)
                for where in places
            ]
        )


def _check_order(metric: Metric, node: Node) -> None:
    """A warning comes before critical, and a recovery before the level it recovers from."""
    thresholds, sign = metric.thresholds, metric.direction.sign
    if thresholds is None:
        return
    if sign == 0:
        raise CatalogueError("catalogue.neutral", where=node.find("thresholds").at)
    suffix = "high" if sign > 0 else "low"
    mistakes: list[CatalogueError] = []
    warning, critical = thresholds.warning, thresholds.critical
    if warning is not None and critical is not None and sign * (critical - warning) <= 0:
        where = node.find("thresholds", "warning").at
        mistakes.append(
            CatalogueError(
                f"catalogue.order_{suffix}", where=where, warning=warning, critical=critical
            )
        )
    for level in _LEVELS:
        value = getattr(thresholds, level)
        recovery = getattr(thresholds, f"recover_{level}")
        if recovery is not None and sign * (value - recovery) <= 0:
            where = node.find("thresholds", "recover", level).at
            mistakes.append(
                CatalogueError(
                    f"catalogue.recover_{suffix}",
                    where=where,
                    level=level,
                    recover=recovery,
                    value=value,
                )
            )
    if mistakes:
        raise CatalogueError.of(mistakes)


METRIC = convert(
    record(
        Metric,
        (
            Key("id", Kind("id", read_id), required=True),
            Key("group", choice(MetricGroup), required=True),
            Key("name", BILINGUAL, required=True),
            Key("description", BILINGUAL, required=True),
            Key("unit", choice(Unit), required=True),
            Key("direction", choice(Direction), required=True),
            Key("labels", list_of(LABEL)),
            Key("required", SWITCH),
            Key("idle_without_data", SWITCH),
            Key("outage", SWITCH),
            Key("loss", SWITCH),
            Key("window", DURATION, field="window_ms"),
            Key("thresholds", _THRESHOLDS),
            Key("objective", _OBJECTIVE),
            Key("report", _REPORT),
            Key("remedy", BILINGUAL),
            Key("queries", list_of(_QUERY, at_least=1), required=True),
        ),
        check=check_metric,
    ),
    lambda metric, node: replace(metric, where=node.where),
)


# ------------------------------------------------------------- exporters, topics and the file

_NATIVE = record(
    NativeCollector,
    (
        Key("section", choice(Section), required=True),
        Key("entry", TEXT, required=True),
        Key("setup", BILINGUAL, required=True),
    ),
)
_NOT_EXPORTED = record(
    NotExported,
    (
        Key("metrics", list_of(Kind("id", read_id), at_least=1), required=True),
        Key("reason", BILINGUAL, required=True),
    ),
)
EXPORTER = record(
    Exporter,
    (
        Key("id", TEXT, required=True),
        Key("name", TEXT, required=True),
        Key("builtin", SWITCH),
        Key("job", TEXT),
        Key("url", TEXT),
        Key("native", _NATIVE),
        Key("role", choice(Role)),
        Key("not_exported", list_of(_NOT_EXPORTED)),
        Key("setup", BILINGUAL, required=True),
    ),
)
TOPIC = record(Topic, (Key("id", TEXT, required=True), Key("name", BILINGUAL, required=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFile:
    """The entries of a file, each to be read by itself."""

    version: int
    metrics: tuple[Node, ...] = ()
    exporters: tuple[Node, ...] = ()
    topics: tuple[Node, ...] = ()


def list_nodes(kind: Kind[Any]) -> Kind[tuple[Node, ...]]:
    """A list of nodes, documented as what will be read from them."""
    return list_of(replace(kind, read=lambda node: node))


FILE = record(
    CatalogueFile,
    (
        Key("version", Kind("version", read_version), required=True),
        Key("metrics", list_nodes(METRIC)),
        Key("exporters", list_nodes(EXPORTER)),
        Key("topics", list_nodes(TOPIC)),
    ),
)
