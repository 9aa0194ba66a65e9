"""How well resources are used: headroom, work for each GPU-hour and kWh, idle GPUs, who used what.

Who used a GPU is not measured; it is shared out by a rule that `share_out` states. Whatever is
shared out adds up to what was measured, hour by hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.catalogue import Direction
from jipyo.model.arrays import find_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.arrays import Flags
    from jipyo.model.sample import Values

_JOULES_A_KWH = 3.6e6
_HOUR_MS = 3_600_000
IDLE_UTILIZATION = 0.05
"""A GPU whose utilisation (0 to 1) is below it does nothing."""


@dataclass(frozen=True, slots=True)
class Headroom:
    """What is left until a limit: `busy` is the 99th percentile in the bad direction.

    `left` is the distance from `busy` to the limit in the series' unit, negative beyond it;
    `left_share` is that as a share of the limit, None where the limit is 0.
    """

    typical: float
    busy: float
    limit: float
    left: float
    left_share: float | None
    samples: int


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Work for each GPU-hour and kWh; None where either side is not known or is nothing."""

    requests_per_gpu_hour: float | None
    tokens_per_gpu_hour: float | None
    requests_per_kwh: float | None
    tokens_per_kwh: float | None
    kwh_per_million_tokens: float | None


@dataclass(frozen=True, slots=True)
class IdleGpu:
    """A GPU that does nothing for much of the time.

    `idle_share` is of the steps with a value; `memory_share` is the mean memory in use while
    idle (a model that is loaded and not asked), `idle_kwh` what that time consumed; both None
    where not measured.
    """

    key: str
    idle_share: float
    idle_ms: int
    longest_ms: int
    memory_share: float | None
    idle_kwh: float | None
    samples: int


def find_headroom(values: Values, limit: float, direction: Direction) -> Headroom | None:
    """What `values` (n,) leave until `limit`; NaN is left out, None where nothing is left.

    The 99th percentile and not the maximum: one second at the limit is no shortage.
    """
    seen = values[np.isfinite(values)]
    if not len(seen) or not np.isfinite(limit):
        return None
    falling = direction is Direction.LOWER_IS_WORSE
    typical, busy = np.percentile(seen, (50, 1 if falling else 99))
    left = float(busy - limit if falling else limit - busy)
    share = left / abs(limit) if limit else None
    return Headroom(float(typical), float(busy), limit, left, share, len(seen))


def compute_efficiency(
    requests: float | None, tokens: float | None, gpu_hours: float | None, joules: float | None
) -> Efficiency:
    """Work of a window over what it took: counts, GPUs times hours, energy of the same GPUs."""
    kwh = None if joules is None else joules / _JOULES_A_KWH
    millions = None if tokens is None else tokens / 1e6
    return Efficiency(
        _divide(requests, gpu_hours),
        _divide(tokens, gpu_hours),
        _divide(requests, kwh),
        _divide(tokens, kwh),
        _divide(kwh, millions),
    )


def _divide(work: float | None, cost: float | None) -> float | None:
    if work is None or cost is None or not (np.isfinite(work) and np.isfinite(cost)) or cost <= 0:
        return None
    return work / cost


def find_idle_gpus(
    keys: Sequence[str],
    utilization: Values,
    step_ms: int,
    *,
    memory: Values | None = None,
    watts: Values | None = None,
    least_share: float = 0.5,
) -> tuple[IdleGpu, ...]:
    """The GPUs that are idle for `least_share` of their time or more, the idlest first.

    `utilization` (gpus, steps) and `memory` from 0 to 1, `watts` of the same shape; NaN is no
    value, and a GPU without any is not judged.
    """
    assert utilization.shape[0] == len(keys), "BUG: a row for every key"
    found = [
        _measure_idle(key, row, step_ms, _pick(memory, index), _pick(watts, index))
        for index, (key, row) in enumerate(zip(keys, utilization, strict=True))
        if np.isfinite(row).any()
    ]
    idle = [one for one in found if one.idle_share >= least_share]
    return tuple(sorted(idle, key=lambda one: -one.idle_share))


def _pick(table: Values | None, row: int) -> Values | None:
    return None if table is None else table[row]


def _measure_idle(
    key: str, utilization: Values, step_ms: int, memory: Values | None, watts: Values | None
) -> IdleGpu:
    seen = np.isfinite(utilization)
    idle = seen & (np.nan_to_num(utilization, nan=1.0) < IDLE_UTILIZATION)
    longest = max((end - start for start, end in find_runs(idle)), default=0)
    idle_hours = float(idle.sum()) * step_ms / _HOUR_MS
    power = _average(watts, idle)
    return IdleGpu(
        key,
        float(idle.sum() / seen.sum()),
        int(idle.sum()) * step_ms,
        longest * step_ms,
        _average(memory, idle),
        None if power is None else power * idle_hours / 1000,
        int(seen.sum()),
    )


def _average(values: Values | None, where: Flags) -> float | None:
    if values is None:
        return None
    seen = values[where & np.isfinite(values)]
    return float(seen.mean()) if len(seen) else None


@dataclass(frozen=True, slots=True)
class SharedUse:
    """What GPUs consumed (energy, or time), by who it was for; all of it adds up to the meter."""

    models: Values
    """Shape (models, hours)."""
    idle: Values
    """While a GPU did nothing; shape (hours,)."""
    unknown: Values
    """While a GPU worked, and it is not known for whom; shape (hours,)."""


def share_out(used: Values, idle: Values, holds: Flags, tokens: Values) -> SharedUse:
    """What each GPU consumed in each hour, shared out to the models that it serves.

    What it consumed while it did nothing is nobody's. The rest is shared by the tokens of the
    hour between the models that it holds; of a GPU whose models counted none it is all of its
    only model, and else of nobody known.

    Args:
        used: what each GPU consumed, shape (gpus, hours); NaN where it was not measured.
        idle: how much of it while it did nothing, same shape.
        holds: which models it holds, shape (gpus, models, hours).
        tokens: that each model read and wrote, shape (models, hours); NaN counts as none.
    """
    whole = np.nan_to_num(used)
    resting = np.clip(np.nan_to_num(idle), 0.0, whole)
    weights = holds * np.nan_to_num(tokens)[None]
    is_only = holds & (holds.sum(axis=1, keepdims=True) == 1)
    counted = weights.sum(axis=1, keepdims=True)
    weights = np.where(counted > 0, weights, is_only.astype(float))
    total = weights.sum(axis=1, keepdims=True)
    shares = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    working = whole - resting
    return SharedUse(
        models=(working[:, None] * shares).sum(axis=0),
        idle=resting.sum(axis=0),
        unknown=(working * (total[:, 0] == 0)).sum(axis=0),
    )


def share_by_tenant(used: Values, tokens: Values, total: Values) -> tuple[Values, Values]:
    """What was consumed for each tenant by its share of the tokens, and what is no tenant's.

    Where tenants count more tokens than their model, they share all of it.

    Args:
        used: for each model, shape (models, hours).
        tokens: of each tenant of each model, shape (tenants, models, hours).
        total: of each model, shape (models, hours).
    """
    own = np.nan_to_num(tokens)
    base = np.maximum(np.nan_to_num(total), own.sum(axis=0))
    shares = np.divide(own, base[None], out=np.zeros_like(own), where=base[None] > 0)
    for_tenants = (used[None] * shares).sum(axis=1)
    return for_tenants, (used * (1 - shares.sum(axis=0))).sum(axis=0)


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in these proportions that add up to `total` (largest remainders, Hamilton).

    Of equal remainders the first gets more. Without any weight everything is of the last.
    """
    whole = sum(weights)
    if not weights or whole <= 0:
        return [0] * (len(weights) - 1) + [total] * bool(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [int(np.floor(one)) for one in exact]
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[: total - sum(parts)]:
        parts[at] += 1
    return parts
