"""Targets that look like a model server and that no metric of the catalogue covers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from jipyo.catalogue import MetricGroup
from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.result import Vector
from jipyo.promql.syntax.quoting import quote
from jipyo.source.prune import list_selected_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jipyo.catalogue import Catalogue
    from jipyo.source.base import Source
    from jipyo.source.prune import MetricNames

_SERVER_NAMES = re.compile(
    r"kv_?cache|time_to_first_token|(^|[_:])ttft([_:]|$)|inter_token|time_per_output_token"
    r"|(prompt|input|output|generated|generation|completion)_tokens|tokens_per_second"
    r"|num_requests_(running|waiting)|(^|[_:])llm([_:]|$)"
    r"|inference_(requests?|latency|duration|count|queue)"
)
"""Names that hardly anything but a model server exports."""
_SERVER_JOBS = (
    "(.*[-_./])?(vllm|sglang|tgi|tei|trt-?llm|triton|nim|llm|lmdeploy|llama|llama[.]?cpp|litellm"
    "|dynamo|kserve|inference|embeddings?|model-server|genai)([-_./0-9].*)?"
)
_PROBED = "probe_success"
_MOST_NAMES = 100
_MOST_SERVERS = 5


@dataclass(frozen=True, slots=True)
class UnknownServer:
    """Targets of a job that look like a model server, and what they export."""

    job: str
    instances: tuple[str, ...]
    names: tuple[str, ...]
    """Names of its metrics, those that only model servers have first."""


def find_unknown_servers(
    source: Source, catalogue: Catalogue, t_ms: int, names: MetricNames
) -> tuple[UnknownServer, ...]:
    """The targets at `t_ms` that look like a model server without one metric of the catalogue.

    A target looks like one by its job or by the names of its metrics. Where nothing does,
    one cheap query is sent.

    Args:
        source: answers the queries.
        catalogue: knows the metrics of model servers.
        t_ms: the moment.
        names: those of all metrics that the source has (`Source.metric_names`).

    Raises:
        SourceError: the source failed.
    """
    known = list_server_names(catalogue)
    unknown_names = _list_unknown_names(names, known)
    suspects = _list_targets(source, f'up{{job=~"(?i:{_SERVER_JOBS})"}} == 1', t_ms)
    if unknown_names:
        suspects |= _list_targets(source, _select_names(unknown_names[:_MOST_NAMES]), t_ms)
    if not suspects:
        return ()
    jobs = "|".join(sorted({re.escape(job) for job, _ in suspects}))
    present = [*sorted(known & names), _PROBED]
    of_catalogue = _list_targets(source, _select_names(present, jobs), t_ms)
    unknown = groupby(sorted(suspects - of_catalogue), key=itemgetter(0))
    servers = [(job, tuple(instance for _, instance in pairs)) for job, pairs in unknown]
    return tuple(
        UnknownServer(job, instances, _list_names_of(source, job, instances, t_ms))
        for job, instances in servers[:_MOST_SERVERS]
    )


def list_server_names(catalogue: Catalogue) -> frozenset[str]:
    """The names of the metrics by which the catalogue knows AI servers."""
    servers = {exporter.id for exporter in catalogue.exporters if exporter.role is not None}
    return list_selected_names(
        tuple(
            query.expression("5m")
            for metric in catalogue.metrics
            if metric.group is MetricGroup.AI
            for query in metric.queries
            if query.exporter in servers
        )
    )


@lru_cache(maxsize=16)
def _list_unknown_names(names: MetricNames, known: frozenset[str]) -> tuple[str, ...]:
    """Names of model servers without the prefix of one that the catalogue knows."""
    prefixes = tuple({_find_prefix(name) for name in known} - {""})
    return tuple(
        name
        for name in sorted(names - known)
        if not name.startswith(prefixes) and _SERVER_NAMES.search(name)
    )


def _find_prefix(name: str) -> str:
    """How all metrics of a server begin (`vllm:`, `trtllm_`); empty for plain names."""
    head, colon, _ = name.partition(":")
    if colon:
        return head + colon
    head = name.partition("_")[0]
    plain = {"e2e", "generation", "gpu", "num", "prompt", "request", "time"}
    return "" if head in plain else f"{head}_"


def _select_names(names: Iterable[str], jobs: str = "") -> str:
    pattern = "|".join(re.escape(name) for name in names)
    of_jobs = f", job=~{quote(jobs)}" if jobs else ""
    return f"{{__name__=~{quote(pattern)}{of_jobs}}}"


def _list_targets(source: Source, selector: str, t_ms: int) -> set[tuple[str, str]]:
    """Job and instance of the targets that have these series now."""
    groups = _read_series(source, f"group by (job, instance) ({selector})", t_ms)
    pairs = {(labels.get("job", ""), labels.get("instance", "")) for labels in groups}
    return {(job, instance) for job, instance in pairs if job and instance}


def _list_names_of(
    source: Source, job: str, instances: Sequence[str], t_ms: int
) -> tuple[str, ...]:
    any_of = "|".join(re.escape(instance) for instance in instances[:_MOST_SERVERS])
    target = f"job={quote(job)}, instance=~{quote(any_of)}"
    scraped = '__name__!~"up|scrape_.*|jipyo_.*|python_.*|process_.*|go_.*"'
    groups = _read_series(source, f"group by (__name__) ({{{target}, {scraped}}})", t_ms)
    names = sorted({labels.get(METRIC_NAME, "") for labels in groups} - {""})
    return tuple(sorted(names, key=lambda name: _SERVER_NAMES.search(name) is None))


def _read_series(source: Source, expr: str, t_ms: int) -> tuple[Labels, ...]:
    try:
        value = source.instant(expr, t_ms).value
    except QueryError:  # a remote source's limits; the rest of the verdict does not need it
        return ()
    return value.series if isinstance(value, Vector) else ()
