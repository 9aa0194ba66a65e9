"""What models and tenants used of the accelerators in a period, hour by hour, from the meters.

Tokens, requests and energy are increases of counters over anchored windows of an hour, so that
the hours add up to the period and a counter that begins anew at 0 loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.efficiency import IDLE_UTILIZATION, share_by_tenant, share_out
from jipyo.model.result import Matrix
from jipyo.source.dialect import expand_to_whole_window
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import read_metric, read_series
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.arrays import Flags
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values
    from jipyo.reports.options import TenantOptions
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

HOUR_MS = 3_600_000
ENERGY, UTILIZATION, POWER = "system.gpu.energy", "system.gpu.utilization", "system.gpu.power"
PROCESSES = "system.gpu.process.memory"
GENERATED, PROMPTED, REQUESTS = "ai.tokens", "ai.tokens.prompt", "ai.goodput.response"
_IDLE_PERCENT = round(100 * IDLE_UTILIZATION)
_HOUR = "1h"

GpuKey = tuple[str, str, str]
"""Source, instance and number of a GPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """What a model did in each hour, and what it took; each of shape (hours,)."""

    name: str
    requests: Values | None
    """None where they are not counted."""
    prompt_tokens: Values | None
    generated_tokens: Values | None
    kwh: Values
    gpu_hours: Values

    @property
    def tokens(self) -> Values | None:
        """Read and written; None where neither is counted."""
        known = [one for one in (self.prompt_tokens, self.generated_tokens) if one is not None]
        return np.sum(known, axis=0) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyData:
    """The use of all accelerators in a period; the rows add up to the meters."""

    hour_ms: Times
    """The end of each hour; shape (hours,)."""
    gpus: int
    kwh: Values
    """Of all GPUs; shape (hours,)."""
    gpu_hours: Values
    """Of GPUs whose energy was measured; shape (hours,)."""
    models: tuple[ModelUse, ...]
    """The one with most energy first."""
    tenants: tuple[ModelUse, ...]
    """By their labels, the same way; empty where the site has no counters of tenants."""
    idle_kwh: Values
    idle_gpu_hours: Values
    unknown_kwh: Values
    """Of GPUs that worked for nobody known."""
    unknown_gpu_hours: Values
    untold: ModelUse | None = None
    """What no tenant accounts for; None without tenants."""
    expressions: tuple[tuple[str, str], ...] = ()
    """What was asked for what: the end of a text's key, and PromQL."""
    coverage: float = 1.0
    """The share of the hours in which the meters were read."""
    knows_idle: bool = True
    """Whether utilisation and power were measured, so that idle energy is known."""
    missing: tuple[JipyoError, ...] = field(default=())


def gather_efficiency(
    source: Source,
    catalogue: Catalogue,
    start_ms: int,
    end_ms: int,
    tenants: TenantOptions | None = None,
) -> EfficiencyData | None:
    """Read the meters of the whole hours within [start, end); None without a meter of energy.

    Raises:
        SourceError: the source failed.
        QueryError: a selector of a tenant's counter is rejected.
    """
    hours = (end_ms - start_ms) // HOUR_MS
    if hours < 1:
        return None
    t_ms = start_ms + HOUR_MS * np.arange(1, hours + 1, dtype=np.int64)
    reader = _Reader(ask_for(source, "efficiency"), catalogue, t_ms)
    energy = reader.read(ENERGY)
    if energy is None or not len(energy.matrix.series):
        return None
    return _Gathering(reader, energy).build(tenants)


class _Reader:
    """Reads metrics at the ends of hours."""

    def __init__(self, source: Source, catalogue: Catalogue, t_ms: Times) -> None:
        self.source, self.catalogue, self.t_ms = source, catalogue, t_ms
        self.inventory: Inventory = take_inventory(source, int(t_ms[-1]))
        self.expressions: list[tuple[str, str]] = []
        self.missing: dict[JipyoError, None] = {}

    def read(self, name: str, *, counted: bool = False) -> MetricData | None:
        """A metric of the catalogue; `counted` reads rates as what was counted in each hour."""
        metric = self.catalogue.get(name)
        if metric is None:
            return None
        if counted:
            metric = _count_hourly(metric)
        data = read_series(self.source, metric, self.t_ms, HOUR_MS, self.inventory)
        self._note(name, data)
        return data

    def read_cases(self, name: str) -> MetricData | None:
        """A share with how many cases it is of."""
        metric = self.catalogue.get(name)
        if metric is None:
            return None
        start_ms, end_ms = int(self.t_ms[0]), int(self.t_ms[-1])
        data = read_metric(self.source, metric, start_ms, end_ms, HOUR_MS, self.inventory)
        self._note(name, data)
        return data

    def query(self, purpose: str, expr: str) -> Matrix:
        """The values of an expression, of shape (series, hours)."""
        result = self.source.range(expr, int(self.t_ms[0]), int(self.t_ms[-1]), HOUR_MS)
        assert isinstance(result.value, Matrix), "BUG: a range query is answered by a Matrix"
        self.missing.update(dict.fromkeys(result.missing))
        if len(result.value.series):
            self.expressions.append((purpose, expr))
        return result.value

    def _note(self, name: str, data: MetricData) -> None:
        self.expressions += [(name, expr) for _, expr in data.expressions]
        self.missing.update(dict.fromkeys(data.missing))


def _count_hourly(metric: Metric) -> Metric:
    """The metric with its rates over anchored windows of an hour."""
    queries = tuple(
        replace(one, promql=expand_to_whole_window(one.promql, HOUR_MS)) for one in metric.queries
    )
    return replace(metric, queries=queries)


def _add_up(
    data: MetricData | None, key: Callable[[Labels], str], values: Values | None = None
) -> dict[str, Values]:
    """Rows with the same key added up; shape (hours,) each."""
    found: dict[str, Values] = {}
    if data is None:
        return found
    rows = np.nan_to_num(np.where(data.matrix.present, data.matrix.values, 0.0))
    for labels, row in zip(data.matrix.series, rows if values is None else values, strict=True):
        found[key(labels)] = found.get(key(labels), 0.0) + row
    return found


def _find_gpu(labels: Labels) -> GpuKey:
    return labels.get("source", ""), labels.get("instance", ""), labels.get("gpu", "")


class _Gathering:
    """Puts together what was read."""

    def __init__(self, reader: _Reader, energy: MetricData) -> None:
        self.reader, self.energy = reader, energy
        self.gpus = [_find_gpu(labels) for labels in energy.matrix.series]
        self.kwh = np.where(energy.matrix.present, energy.matrix.values, np.nan)
        hours = _add_up(reader.read(GENERATED, counted=True), _find_model)
        self.generated = {name: np.round(3600 * row) for name, row in hours.items()}
        hours = _add_up(reader.read(PROMPTED, counted=True), _find_model)
        self.prompted = {name: np.round(3600 * row) for name, row in hours.items()}
        cases = reader.read_cases(REQUESTS)
        counts = None if cases is None else cases.n
        self.requests = {} if counts is None else _add_up(cases, _find_model, np.nan_to_num(counts))

    def build(self, tenants: TenantOptions | None) -> EfficiencyData:
        holders = self._find_holders()
        counted = dict.fromkeys((*self.generated, *self.prompted))
        names = list(dict.fromkeys((*counted, *(name for _, name in holders))))
        holds = self._place(names, holders, set(counted))
        tokens = self._stack(names)
        idle_kwh, idle_hours = self._find_idle()
        hours = np.isfinite(self.kwh).astype(float)
        energy = share_out(self.kwh, np.nan_to_num(idle_kwh), holds, tokens)
        time = share_out(hours, np.nan_to_num(idle_hours), holds, tokens)
        models = [
            self._build_use(name, energy.models[at], time.models[at])
            for at, name in enumerate(names)
        ]
        data = EfficiencyData(
            hour_ms=self.reader.t_ms,
            gpus=len(self.gpus),
            kwh=np.nan_to_num(self.kwh).sum(axis=0),
            gpu_hours=hours.sum(axis=0),
            models=_rank(models),
            tenants=(),
            idle_kwh=energy.idle,
            idle_gpu_hours=time.idle,
            unknown_kwh=energy.unknown,
            unknown_gpu_hours=time.unknown,
            coverage=float(np.isfinite(self.kwh).mean()),
            knows_idle=bool(np.isfinite(idle_kwh).any()),
        )
        if tenants is not None and models:
            data = self._add_tenants(data, tenants, names, (energy.models, time.models, tokens))
        expressions = tuple(dict.fromkeys(self.reader.expressions))
        return replace(data, expressions=expressions, missing=tuple(self.reader.missing))

    def _build_use(self, name: str, kwh: Values, gpu_hours: Values) -> ModelUse:
        return ModelUse(
            name=name,
            requests=self.requests.get(name),
            prompt_tokens=self.prompted.get(name),
            generated_tokens=self.generated.get(name),
            kwh=kwh,
            gpu_hours=gpu_hours,
        )

    def _stack(self, names: Sequence[str]) -> Values:
        nothing = np.zeros(len(self.reader.t_ms))
        rows = [
            self.generated.get(name, nothing) + self.prompted.get(name, nothing) for name in names
        ]
        return np.array(rows).reshape(len(names), len(nothing))

    def _find_holders(self) -> dict[tuple[GpuKey, str], Flags]:
        """Whether a GPU has a process of a model in each hour, by GPU and model."""
        data = self.reader.read(PROCESSES)
        found: dict[tuple[GpuKey, str], Flags] = {}
        nothing = np.zeros(len(self.reader.t_ms), np.bool_)
        for row, labels in enumerate(() if data is None else data.matrix.series):
            key = _find_gpu(labels), labels.get("model", "")
            if key[1] and key[0] in self.gpus and data is not None:
                present = data.matrix.present[row] & (data.matrix.values[row] > 0)
                found[key] = found.get(key, nothing) | present
        return found

    def _place(
        self,
        names: Sequence[str],
        holders: Mapping[tuple[GpuKey, str], Flags],
        counted: set[str],
    ) -> Flags:
        """Which GPU holds which model in which hour, shape (gpus, models, hours).

        Models whose tokens are counted and that are seen on no GPU are on those whose models
        count none: a process may call its model by another name than its server does.
        """
        holds = np.zeros((len(self.gpus), len(names), len(self.reader.t_ms)), np.bool_)
        for (gpu, name), hours in holders.items():
            holds[self.gpus.index(gpu), names.index(name)] |= hours
        unseen = [names.index(name) for name in counted if not holds[:, names.index(name)].any()]
        if unseen:
            seen = [names.index(name) for name in counted if names.index(name) not in unseen]
            free = ~np.any(holds[:, seen], axis=1)[:, None, :]
            holds &= ~free
            holds[:, unseen] |= free
        return holds

    def _find_idle(self) -> tuple[Values, Values]:
        """Energy and hours of each GPU while its utilisation was below 5%, (gpus, hours)."""
        kwh, hours = (np.full(self.kwh.shape, np.nan) for _ in range(2))
        for exporter in dict.fromkeys(self.energy.exporters):
            used, power = (self._find_query(name, exporter) for name in (UTILIZATION, POWER))
            if used is None or power is None:
                continue
            by = ", ".join(used[1])
            idle = f"({used[0]}) < {_IDLE_PERCENT}"
            expr = f"sum_over_time((({power[0]}) and on ({by}) {idle})[{_HOUR}:1m])"
            self._fill(kwh, expr, used[1], 1 / 60_000)
            self._fill(hours, f"count_over_time(({idle})[{_HOUR}:1m])", used[1], 1 / 60)
        return kwh, hours

    def _fill(self, target: Values, expr: str, names: Sequence[str], factor: float) -> None:
        """Put the answer into the rows of its GPUs; a GPU without one was never idle."""
        matrix = self.reader.query("idle", expr)
        instance, gpu = names
        target[np.isnan(target)] = 0.0
        for row, labels in enumerate(matrix.series):
            key = labels.get("source", ""), labels.get(instance, ""), labels.get(gpu, "")
            if key in self.gpus:
                values = np.where(matrix.present[row], matrix.values[row], 0.0)
                at = self.gpus.index(key)
                target[at] = np.maximum(target[at], factor * values)

    def _find_query(self, name: str, exporter: str) -> tuple[str, tuple[str, str]] | None:
        """The expression of an exporter, and what it calls the labels of a GPU."""
        metric = self.reader.catalogue.get(name)
        queries = [] if metric is None else [q for q in metric.queries if q.exporter == exporter]
        if not queries:
            return None
        raw = {new: old for old, new in queries[0].rename.items()}
        labels = (raw.get("instance", "instance"), raw.get("gpu", "gpu"))
        return queries[0].promql.replace("$w", "5m"), labels

    def _add_tenants(
        self,
        data: EfficiencyData,
        options: TenantOptions,
        names: Sequence[str],
        used: tuple[Values, Values, Values],
    ) -> EfficiencyData:
        energy, time, tokens = used
        counts = {
            kind: self._count_tenants(kind, selector, options)
            for kind, selector in (
                ("requests", options.requests),
                ("prompt_tokens", options.prompt_tokens),
                ("generated_tokens", options.generation_tokens),
            )
        }
        tenants = sorted({tenant for one in counts.values() for tenant, _ in one})
        own = np.zeros((len(tenants), *tokens.shape))
        weighed = [counts["prompt_tokens"], counts["generated_tokens"]]
        for kind in weighed if any(weighed) else [counts["requests"]]:
            for (tenant, model), row in kind.items():
                if model in names:
                    own[tenants.index(tenant), names.index(model)] += row
        totals = tokens if any(weighed) else self._stack_requests(names)
        kwh, left_kwh = share_by_tenant(energy, own, totals)
        gpu_hours, left_hours = share_by_tenant(time, own, totals)
        uses = [
            ModelUse(
                name=tenant,
                kwh=kwh[at],
                gpu_hours=gpu_hours[at],
                **{kind: _add_rows(one, tenant) for kind, one in counts.items()},
            )
            for at, tenant in enumerate(tenants)
        ]
        left = ModelUse(
            name="",
            kwh=left_kwh,
            gpu_hours=left_hours,
            requests=_subtract(self.requests.values(), counts["requests"].values()),
            prompt_tokens=_subtract(self.prompted.values(), counts["prompt_tokens"].values()),
            generated_tokens=_subtract(
                self.generated.values(), counts["generated_tokens"].values()
            ),
        )
        return replace(data, tenants=_rank(uses), untold=left)

    def _stack_requests(self, names: Sequence[str]) -> Values:
        nothing = np.zeros(len(self.reader.t_ms))
        return np.array([self.requests.get(name, nothing) for name in names])

    def _count_tenants(
        self, kind: str, selector: str, options: TenantOptions
    ) -> dict[tuple[str, str], Values]:
        """What each tenant's counter rose by for each model, in each hour."""
        if not selector:
            return {}
        by = f"{options.label}, {options.model_label}"
        expr = f"sum by ({by}) (increase({selector}[{_HOUR}] anchored))"
        matrix = self.reader.query(kind, expr)
        found: dict[tuple[str, str], Values] = {}
        for row, labels in enumerate(matrix.series):
            key = labels.get(options.label, ""), labels.get(options.model_label, "")
            if key[0]:
                values = np.where(matrix.present[row], matrix.values[row], 0.0)
                found[key] = found.get(key, np.zeros(len(values))) + np.round(values)
        return found


def _find_model(labels: Labels) -> str:
    return labels.get("model", "")


def _rank(uses: Iterable[ModelUse]) -> tuple[ModelUse, ...]:
    return tuple(sorted(uses, key=lambda one: (-float(one.kwh.sum()), one.name)))


def _add_rows(counts: Mapping[tuple[str, str], Values], tenant: str) -> Values | None:
    rows = [row for (name, _), row in counts.items() if name == tenant]
    return np.sum(rows, axis=0) if rows else None


def _subtract(totals: Iterable[Values], parts: Iterable[Values]) -> Values | None:
    """What of the meter is in no part; None where there is no meter, or no parts."""
    known, counted = list(totals), list(parts)
    if not known or not counted:
        return None
    left: Values = np.sum(known, axis=0) - np.sum(counted, axis=0)
    return left
