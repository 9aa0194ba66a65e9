"""A queueing model of latency over load, weighted by how well it explains the hours seen.

P(latency > x) at load L is E[P(wait > x - s f)] over the latency s without load. The service
slows with load by f = (1 - phi r0) / (1 - phi r), r = L / C (batching, contention; phi = 0 is a
plain queue), and P(wait > y) = r^(sqrt(2(c + 1)) - 1) exp(-y C (1 - r) / v): c servers of together
C requests/s with variability v.

Sources: H. Sakasegawa (1977), An approximation formula L_q = alpha rho^beta / (1 - rho), Annals
of the Institute of Statistical Mathematics 29:67-75; W. Whitt (1993), Approximations for the
GI/G/m queue, Production and Operations Management 2:114-161; the slowdown is N. Gunther's
contention term, Guerrilla Capacity Planning (2007).

Limits: first come, first served; one bottleneck; stationary within a window. What breaks these
(a limiter behind a long service, say) shows neither in latency nor in the busy share of another
resource before it breaks, and no method can see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity.loads import count_slower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jipyo.analysis.capacity.history import CapacityObjective, Floats, LoadHistory
    from jipyo.analysis.capacity.loads import BaseLatency, LoadBins
    from jipyo.analysis.capacity.resources import FullRate

_CAPACITIES = np.exp(np.linspace(np.log(0.9), np.log(8.0), 56))
"""C, in multiples of the highest load seen."""
_SERVERS = 2.0 ** np.arange(0, 7.6, 0.5)
_VARIABILITIES = np.array([0.4, 0.7, 1.0, 1.5, 2.2, 3.2])
_SLOWDOWNS = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.58, 0.66, 0.74, 0.82, 0.9, 0.95])
_SLOWDOWN_WEIGHT = 1.5 / 11
_EFFECTIVE = 10.0
"""How many independent observations all shares together are worth: the model's own error is
common to all bins."""
_LEAST_SD = 0.12
"""Of a share's logit: no model of a service is better than that."""
_DRAWS = 1500


@dataclass(frozen=True, slots=True, eq=False)
class Queues:
    """Queues that may be what is behind the service, each as often as it is likely."""

    capacity: Floats
    servers: Floats
    variability: Floats
    slowdown: Floats
    base: BaseLatency

    def share_slower(self, limit_s: float, rate: Floats) -> Floats:
        """(queues,) share of requests slower than a limit, each queue at its own rate."""
        r = np.minimum(rate / self.capacity, 0.9999)
        waits = r ** (np.sqrt(2 * (self.servers + 1)) - 1)
        slow = _slow_down(self.slowdown, self.base.rate / self.capacity, r)
        fade = self.capacity * (1 - r) / self.variability
        by_service, by_wait = _split_tail(self.base, limit_s, slow, fade)
        shares: Floats = by_service + waits * by_wait
        return shares

    def find_breaking(self, objective: CapacityObjective) -> Floats:
        """(queues,) the rate at which more than the objective's share is slower than it says."""
        low, high = np.full(len(self.capacity), 1e-3) * self.capacity, self.capacity * 0.9999
        for _ in range(20):
            middle = np.sqrt(low * high)
            breaks = self.share_slower(objective.latency_s, middle) > objective.most_slow
            high, low = np.where(breaks, middle, high), np.where(breaks, low, middle)
        return np.sqrt(low * high)


def _slow_down(slowdown: Floats, base_load: Floats, load: Floats) -> Floats:
    result: Floats = (1 - slowdown * np.minimum(base_load, 0.9)) / (1 - slowdown * load)
    return result


def _split_tail(
    base: BaseLatency, limit_s: float, slow: Floats, fade: Floats
) -> tuple[Floats, Floats]:
    """The share slower than the limit even without waiting, and the share if all had to wait."""
    left = limit_s - slow[..., None] * base.points_s
    too_slow = left <= 0
    waiting = np.where(too_slow, 0.0, np.exp(-np.maximum(left, 0) * fade[..., None]))
    return too_slow @ base.weights, waiting @ base.weights


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Shares of slow requests: (limits, bins), as logits with their spread."""

    limits_s: list[float]
    logits: Floats
    sd: Floats
    rare: NDArray[np.bool_]
    """Where hardly any was seen: only a prediction of more counts against a queue."""


def collect_evidence(
    history: LoadHistory, bins: LoadBins, base: BaseLatency, objective: CapacityObjective
) -> Evidence:
    """The shares above the base's 50, 80, 95, 99% bounds and the objective's limit."""
    bounds, answered = history.bounds_s, history.buckets.sum(axis=1)
    ranks = np.searchsorted(np.cumsum(base.weights), [0.5, 0.8, 0.95, 0.99])
    wanted = base.points_s[np.minimum(ranks, len(base.points_s) - 1)]
    near = {float(bounds[np.argmin(np.abs(np.log(bounds / one)))]) for one in wanted}
    limits = sorted(near | {objective.latency_s})
    total = bins.answered
    logits, sd = (np.empty((len(limits), len(total))) for _ in range(2))
    rare = np.zeros((len(limits), len(total)), bool)
    for i, limit_s in enumerate(limits):
        slower = count_slower(history.buckets, bounds, limit_s)
        seen = bins.sum_by_bin(slower)
        share = (seen + 0.5) / (total + 1)
        # From window to window, not binomial: the requests of one window are alike.
        scatter = bins.sum_by_bin((slower - share[bins.bin_of] * answered) ** 2) + 0.5
        logits[i] = np.log(share / (1 - share))
        sd[i] = np.sqrt(scatter / (total * share * (1 - share)) ** 2 + _LEAST_SD**2)
        rare[i] = seen < 3
    return Evidence(limits, logits, sd, rare)


def draw_queues(
    bins: LoadBins,
    base: BaseLatency,
    evidence: Evidence,
    full_rate: FullRate | None,
    top_rate: float,
    random: np.random.Generator,
) -> Queues:
    """Bayes over a grid of queues: axes capacity, servers, variability, slowdown."""
    capacities = top_rate * _CAPACITIES
    logs = _score(capacities, bins, base, evidence)
    logs *= min(1.0, _EFFECTIVE / evidence.logits.size)
    logs += np.log(_weigh_before(capacities, base))
    if full_rate is not None:
        logs += full_rate.score(capacities)[:, None, None, None]
    weights = np.exp(logs - logs.max())
    drawn = random.choice(weights.size, _DRAWS, p=weights.ravel() / weights.sum())
    i, j, k, m = np.unravel_index(drawn, weights.shape)
    return Queues(capacities[i], _SERVERS[j], _VARIABILITIES[k], _SLOWDOWNS[m], base)


def _weigh_before(capacities: Floats, base: BaseLatency) -> Floats:
    """(capacity, server, 1, slowdown) prior weight.

    By Little's law no more servers are busy than rate x latency; most often about as many.
    How busy the service was at its peak is as likely one share as another: 1 / capacity.
    """
    busy = base.mean_s * capacities[:, None]
    likely = np.where(np.abs(np.log(_SERVERS / busy)) < 0.8, 3.0, 1.0)
    possible = (1.6 * busy >= _SERVERS) | (_SERVERS == 1)
    servers = np.where(possible, likely, 1e-9)[:, :, None, None]
    servers = servers * (capacities[0] / capacities)[:, None, None, None]
    weights: Floats = servers * np.where(_SLOWDOWNS == 0, 1.0, _SLOWDOWN_WEIGHT)
    return weights


def _score(capacities: Floats, bins: LoadBins, base: BaseLatency, evidence: Evidence) -> Floats:
    """(capacity, server, variability, slowdown) log likelihood, Student-t about each logit."""
    shape = (len(capacities), len(_SERVERS), len(_VARIABILITIES), len(_SLOWDOWNS))
    logs = np.zeros(shape)
    exponents = np.sqrt(2 * (_SERVERS + 1)) - 1
    total = bins.answered
    for b, rate in enumerate(bins.rate):
        r = np.minimum(rate / capacities, 0.9999)
        waits = r[:, None] ** exponents
        slow = _slow_down(_SLOWDOWNS, base.rate / capacities[:, None], r[:, None])
        fade = (capacities * (1 - r))[:, None] / _VARIABILITIES
        for a, limit_s in enumerate(evidence.limits_s):
            # (capacity, variability, slowdown): servers only scale what must wait.
            by_service, by_wait = _split_tail(base, limit_s, slow[:, None, :], fade[:, :, None])
            share = by_service[:, None] + waits[:, :, None, None] * by_wait[:, None]
            edge = 0.5 / (total[b] + 1)
            share = np.clip(share, edge, 1 - edge)
            z = (np.log(share / (1 - share)) - evidence.logits[a, b]) / evidence.sd[a, b]
            if evidence.rare[a, b]:
                z = np.maximum(z, 0.0)
            logs -= 1.5 * np.log1p(z * z / 4)
    return logs
