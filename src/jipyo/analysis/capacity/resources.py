"""What busy shares say about the capacity: the utilisation law.

Utilisation = rate x service demand (J. P. Buzen and P. J. Denning 1978, The operational analysis
of queueing network models, ACM Computing Surveys 10:225-261): it is linear in the rate, and its
slope is known from the first quiet day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity.answer import Remark, ResourceLimit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.capacity.history import Floats, LoadHistory, Resource

_LEAST_R2 = 0.9
_LEAST_CORRELATION = 0.8
_MOST_CURVE = 0.12
"""How far a busy share may bend away from a line, at the highest load, in shares of its rise."""
_LEAST_RATE, _LEAST_RISE = 1e-9, 1e-6
"""Below such loads a second, and differences of a busy share, there is nothing to see."""
_FEWEST_WINDOWS = 96
_TRUST = 0.5
"""How likely the measured resource is the one that gives out first."""
_LAW_SD = 0.06
_BEYOND = 1.1


@dataclass(frozen=True, slots=True)
class FullRate:
    """The rate at which a resource is fully busy, as evidence for the capacity."""

    name: str
    rate: float

    def score(self, capacities: Floats) -> Floats:
        """(capacities,) log weight: near its rate likely, above it all but impossible."""
        z = np.log(capacities / self.rate) / _LAW_SD
        near = np.log(1 - _TRUST + 3 * _TRUST * np.exp(-0.5 * z * z))
        result: Floats = near + np.where(capacities > _BEYOND * self.rate, -4.0, 0.0)
        return result


def find_limits(history: LoadHistory) -> tuple[ResourceLimit, ...]:
    """What each resource says, in their order."""
    return tuple(_find_limit(one, history.rate) for one in history.resources)


def find_usable_shares(history: LoadHistory) -> list[Floats]:
    """Busy shares that are known in every window and rise with the load."""
    shares = [one.busy for one in history.resources]
    return [one for one in shares if _follows(one, history.rate)]


def _follows(busy: Floats, rate: Floats) -> bool:
    if len(busy) < _FEWEST_WINDOWS or not np.isfinite(busy).all():
        return False
    if np.ptp(busy) < _LEAST_RISE or np.ptp(rate) < _LEAST_RATE:
        return False
    return float(np.corrcoef(busy, rate)[0, 1]) > _LEAST_CORRELATION


def find_first_full(limits: Sequence[ResourceLimit], *, configured: bool) -> FullRate | None:
    """The resource that is fully busy at the lowest rate: as measured, or as configured."""
    usable = [
        FullRate(one.name, one.full_rate)
        for one in limits
        if one.full_rate is not None and one.is_configured is configured
    ]
    return min(usable, key=lambda one: one.rate, default=None)


def _find_limit(resource: Resource, rate: Floats) -> ResourceLimit:
    known = np.isfinite(resource.busy)
    busy, load = resource.busy[known], rate[known]
    peak = float(busy.max()) if len(busy) else None
    if resource.limit_rate is not None:
        return ResourceLimit(resource.name, peak, resource.limit_rate, is_configured=True)
    unusable = _find_fault(busy, load)
    if unusable is not None:
        return ResourceLimit(resource.name, peak, None, unusable=Remark(unusable))
    slope, idle = np.polyfit(load, busy, 1)
    return ResourceLimit(resource.name, peak, float((1 - idle) / slope))


def _find_fault(busy: Floats, load: Floats) -> str | None:
    """Why a busy share is no use: the key of the reason."""
    if len(busy) < _FEWEST_WINDOWS:
        return "capacity.resource.few"
    if busy.max() > 1.02 or busy.min() < -0.02:
        return "capacity.resource.no_share"
    is_idle = np.ptp(load) < _LEAST_RATE or np.ptp(busy) < _LEAST_RISE
    if is_idle or np.ptp(load) <= 0.2 * load.max():
        return "capacity.resource.steady"
    return _find_misfit(busy, load)


def _find_misfit(busy: Floats, load: Floats) -> str | None:
    """Why a busy share is no line over the load: the key of the reason."""
    line = np.polynomial.Polynomial.fit(load, busy, 1)
    curve, (_, rank, *_) = np.polynomial.Polynomial.fit(load, busy, 2, full=True)
    if rank < 3:  # two loads, between which nothing shows a bend
        return "capacity.resource.few"
    bent = curve.convert().coef
    r2 = 1 - float(np.var(busy - line(load)) / np.var(busy))
    rise = line.convert().coef[1]
    if r2 < _LEAST_R2 or rise <= 0:
        return "capacity.resource.unrelated"
    if bent[2] * load.max() < -_MOST_CURVE * bent[1]:
        return "capacity.resource.curved"
    return None
