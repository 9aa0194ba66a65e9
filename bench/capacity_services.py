"""Simulated services for the capacity bench: a week of windows, and the rate that breaks them.

Requests are simulated one by one (numba compiles the loops). The rate at which the objective
breaks is found by bisection over stationary runs, so it owes nothing to a formula.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from jipyo.analysis.capacity.history import CapacityObjective, LoadHistory, Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WINDOW_S = 900.0
WEEK_S = 7 * 86_400.0
_STATIONARY = 240_000


@njit(cache=True)
def serve_in_order(arrive: Floats, work: Floats, servers: int, most_waiting: int) -> Floats:
    """Departures of a queue with so many servers, first come, first served; NaN: rejected."""
    free = np.zeros(servers)
    begun = np.full(most_waiting + 1, -1.0)
    done = np.empty(len(arrive))
    n = 0
    for i in range(len(arrive)):
        k = 0
        for j in range(1, servers):
            if free[j] < free[k]:
                k = j
        # The queue is full if the request that came `most_waiting` places earlier still waits.
        if begun[n % (most_waiting + 1)] > arrive[i]:
            done[i] = np.nan
            continue
        start = max(free[k], arrive[i])
        begun[n % (most_waiting + 1)] = start
        n += 1
        free[k] = start + work[i]
        done[i] = free[k]
    return done


@njit(cache=True)
def share_processors(arrive: Floats, work: Floats, cores: int) -> Floats:
    """Departures where all requests in progress share the cores equally."""
    done = np.full(len(arrive), np.nan)
    left = np.empty(4096)
    who = np.empty(4096, np.int64)
    m, now, i = 0, 0.0, 0
    while i < len(arrive) or m:
        speed = min(1.0, cores / m) if m else 1.0
        k = 0
        for j in range(1, m):
            if left[j] < left[k]:
                k = j
        ends = now + left[k] / speed if m else np.inf
        comes = arrive[i] if i < len(arrive) else np.inf
        t = min(ends, comes)
        for j in range(m):
            left[j] -= (t - now) * speed
        now = t
        if ends <= comes:
            done[who[k]] = now
            m -= 1
            left[k], who[k] = left[m], who[m]
        else:
            if m < 4096:
                left[m], who[m] = work[i], i
                m += 1
            i += 1
    return done


@njit(cache=True)
def _count_tokens(who: NDArray[np.int64], has: NDArray[np.int64], m: int) -> int:
    used = 0
    for j in range(m):
        used += has[who[j]]
    return used


@njit(cache=True)
def _advance(
    who: NDArray[np.int64],
    left: NDArray[np.int64],
    has: NDArray[np.int64],
    done: Floats,
    now: float,
) -> int:
    """One more token for each sequence but -1; those that end make room. How many go on."""
    kept = 0
    for j in range(len(who)):
        one = who[j]
        if one < 0:
            break
        left[one] -= 1
        has[one] += 1
        if left[one] <= 0:
            done[one] = now
        else:
            who[kept] = one
            kept += 1
    who[kept:] = -1
    return kept


@njit(cache=True)
def batch_continuously(
    arrive: Floats,
    prompt: NDArray[np.int64],
    output: NDArray[np.int64],
    server: tuple[float, float, float, int, int],
    seen: Floats,
) -> Floats:
    """Departures of a language model server; a step takes fixed + each x batch, and prefill stalls.

    `server` is fixed_s, each_s, prefill_s a token, the largest batch and the tokens for which
    there is room: without it the youngest is preempted and computed again. `seen` (2, windows)
    is added to: sequences x seconds, and seconds with a step.
    """
    fixed_s, each_s, prefill_s, most, kv = server
    n = len(arrive)
    done, left, has = np.full(n, np.nan), output.copy(), prompt.copy()
    waiting = np.empty(n + 65_536, np.int64)
    head = tail = 65_536  # preempted requests go before the first
    who = np.full(most, -1)
    m, now, i = 0, 0.0, 0
    while i < n or m or head < tail:
        if m == 0 and head == tail:
            now = max(now, arrive[i])
        while i < n and arrive[i] <= now:
            waiting[tail] = i
            tail += 1
            i += 1
        step, used = fixed_s, _count_tokens(who, has, m)
        while m < most and head < tail and (m == 0 or used + has[waiting[head]] <= kv * 0.95):
            who[m] = waiting[head]
            used += has[who[m]]
            step += prefill_s * has[who[m]]
            head += 1
            m += 1
        step += each_s * m
        window = min(int(now / WINDOW_S), seen.shape[1] - 1)
        seen[0, window] += m * step
        seen[1, window] += step
        now += step
        m = _advance(who, left, has, done, now)
        while m > 1 and _count_tokens(who, has, m) > kv:
            m -= 1
            head -= 1
            waiting[head] = who[m]
            who[m] = -1
    return done


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests over a stretch of time, and the figures of the resources that get filled."""

    arrive: Floats
    windows: int
    random: np.random.Generator
    factor: Callable[[Floats], Floats]
    """How much more work a request is at a time: neighbours, deployments."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the requests."""

    latency_s: Floats
    """NaN: failed."""
    busy: dict[str, Floats]
    """(windows,) share in use by resource."""
    arrive: Floats | None = None
    """Attempts, where clients try again."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service drawn at random."""

    kind: str
    run: Callable[[Traffic], Outcome]
    arrival_ca2: float
    scale: float
    """About what it can serve, in requests/s."""
    misleading: bool = False
    """The busy share that is shown is not of what gives out first."""
    noisy: float = 1.0
    deploy: float = 1.0
    fails: bool = False


def _by_window(arrive: Floats, work: Floats, windows: int, capacity: float) -> Floats:
    place = np.minimum((arrive / WINDOW_S).astype(np.int64), windows - 1)
    used = np.bincount(place, work, minlength=windows) / WINDOW_S / capacity
    shares: Floats = np.clip(used, 0, 1)
    return shares


def _draw_work(random: np.random.Generator, n: int, mean: float, cv: float) -> Floats:
    sigma2 = np.log1p(cv * cv)
    return mean * np.exp(random.normal(-sigma2 / 2, np.sqrt(sigma2), n))


def _draw_servers(random: np.random.Generator) -> int:
    return int(np.exp(random.uniform(0, np.log(32.99))))


def _make_queue(
    kind: str,
    random: np.random.Generator,
    *,
    servers: int | None = None,
    ca2: float | None = None,
    most_waiting: int = 1_000_000,
    pauses: bool = False,
) -> Service:
    rate = random.uniform(3, 10)
    c = servers or _draw_servers(random)
    mean = c / rate
    cv = random.uniform(0.3, 2.0)
    exponential = kind == "mmc"
    ca2 = ca2 or random.uniform(0.7, 2.5)
    every, length = random.uniform(30, 180), random.uniform(0.3, 1.5) * mean
    idle = random.uniform(0, 0.08)

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        work = (
            traffic.random.exponential(mean, n)
            if exponential
            else _draw_work(traffic.random, n, mean, cv)
        )
        work *= traffic.factor(traffic.arrive)
        if pauses:
            done = _serve_with_pauses(traffic, work, c, every, length)
        else:
            done = serve_in_order(traffic.arrive, work, c, most_waiting)
        work = np.where(np.isnan(done), 0.0, work)
        busy = idle + (1 - idle) * _by_window(traffic.arrive, work, traffic.windows, c)
        return Outcome(done - traffic.arrive, {"CPU": busy})

    return Service(kind, run, ca2, rate, fails=most_waiting < 1_000_000)


def _serve_with_pauses(
    traffic: Traffic, work: Floats, servers: int, every: float, length: float
) -> Floats:
    """All servers stop now and then: served on a clock that stops with them."""
    end = traffic.arrive[-1] + 10 * every
    gaps = traffic.random.uniform(0.5, 1.5, int(end / every * 1.2) + 10) * every
    starts = np.cumsum(gaps) + np.arange(len(gaps)) * length
    real = np.column_stack([starts, starts + length]).ravel()
    clock = np.repeat(np.cumsum(gaps), 2) + np.tile([0.0, 1e-9], len(gaps))
    real, clock = np.insert(real, 0, 0.0), np.insert(clock, 0, 0.0)
    arrive = np.interp(traffic.arrive, real, clock)
    done = serve_in_order(arrive, work, servers, 1_000_000)
    ended: Floats = np.interp(done, clock, real)
    return ended


def make_mmc(random: np.random.Generator) -> Service:
    return _make_queue("mmc", random, ca2=1.0)


def make_mg1(random: np.random.Generator) -> Service:
    return _make_queue("mg1", random, servers=1, ca2=1.0)


def make_ggc(random: np.random.Generator) -> Service:
    return _make_queue("ggc", random)


def make_gc(random: np.random.Generator) -> Service:
    service = _make_queue("gc", random, pauses=True)
    return replace(service, noisy=random.uniform(1.1, 1.4))


def make_deploy(random: np.random.Generator) -> Service:
    factor = np.exp(random.uniform(np.log(0.7), np.log(1.5)))
    return replace(_make_queue("deploy", random), deploy=float(factor))


def make_err(random: np.random.Generator) -> Service:
    c = _draw_servers(random)
    waiting = max(2, int(c * random.uniform(0.3, 3)))
    return _make_queue("err", random, servers=c, most_waiting=waiting)


def make_pool(random: np.random.Generator) -> Service:
    """A free stage before a connection pool; only the CPU of the free stage is shown."""
    rate, c = random.uniform(3, 10), _draw_servers(random)
    mean, cv = c / rate, random.uniform(0.3, 2)
    free, shown = mean * random.uniform(0.3, 3), random.uniform(1.3, 3.5)

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        first = _draw_work(traffic.random, n, free, 0.6)
        order = np.argsort(traffic.arrive + first, kind="stable")
        done = np.empty(n)
        work = _draw_work(traffic.random, n, mean, cv)
        done[order] = serve_in_order((traffic.arrive + first)[order], work, c, 1_000_000)
        busy = _by_window(traffic.arrive, first, traffic.windows, free * rate * shown)
        return Outcome(done - traffic.arrive, {"CPU": busy})

    return Service("pool", run, random.uniform(0.7, 2.5), rate, misleading=True)


def make_flat(random: np.random.Generator) -> Service:
    """A deterministic limiter behind a service that takes 10 to 50 times as long."""
    rate = random.uniform(3, 10)
    length, cv = random.uniform(10, 50) / rate, random.uniform(0.3, 1)
    shown = random.uniform(1.3, 3.5)

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        work = _draw_work(traffic.random, n, length, cv)
        passed = serve_in_order(traffic.arrive, np.full(n, 1 / rate), 1, 1_000_000)
        busy = _by_window(traffic.arrive, work, traffic.windows, length * rate * shown)
        return Outcome(passed + work - traffic.arrive, {"CPU": busy})

    return Service("flat", run, random.uniform(0.7, 2.5), rate, misleading=True)


def _make_llm(kind: str, random: np.random.Generator, *, slots: bool) -> Service:
    most = int(np.exp(random.uniform(np.log(16), np.log(128.99))))
    rate = random.uniform(3, 10)
    mean_out, mean_in = random.uniform(20, 120), random.uniform(100, 600)
    share = random.uniform(0.1, 0.7)
    prefill = random.uniform(0.05, 0.3) / rate / mean_in
    # Full batches take (fixed + each x most) / most seconds for a token of one sequence.
    step = most / (rate * mean_out) * (1 - prefill * mean_in * rate)
    fixed, each = step * (1 - share), step * share / most
    kv = int((mean_in + mean_out / 2) * most * random.uniform(0.7, 2.0))

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        prompt = np.maximum(_draw_work(traffic.random, n, mean_in, 0.8), 1).astype(np.int64)
        output = np.maximum(_draw_work(traffic.random, n, mean_out, 0.8), 1).astype(np.int64)
        prompt, output = np.minimum(prompt, kv // 4), np.minimum(output, kv // 4)
        seen = np.zeros((2, traffic.windows))
        server = (fixed, each, prefill, most, kv)
        done = batch_continuously(traffic.arrive, prompt, output, server, seen)
        busy = {"GPU": np.clip(seen[1] / WINDOW_S, 0, 1)}
        if slots:
            busy["batch"] = np.clip(seen[0] / WINDOW_S / most, 0, 1)
        return Outcome(done - traffic.arrive, busy)

    return Service(kind, run, random.uniform(0.7, 2.5), rate)


def make_llm(random: np.random.Generator) -> Service:
    return _make_llm("llm", random, slots=False)


def make_llm_slots(random: np.random.Generator) -> Service:
    """The share of the batch in use is shown too."""
    return _make_llm("llm_slots", random, slots=True)


def make_sharing(random: np.random.Generator) -> Service:
    """Processor sharing: threads on few cores."""
    rate, c = random.uniform(3, 10), int(np.exp(random.uniform(0, np.log(16.99))))
    mean, cv = c / rate, random.uniform(0.3, 2)

    def run(traffic: Traffic) -> Outcome:
        work = _draw_work(traffic.random, len(traffic.arrive), mean, cv)
        done = share_processors(traffic.arrive, work, c)
        busy = _by_window(traffic.arrive, work, traffic.windows, c)
        return Outcome(done - traffic.arrive, {"CPU": busy})

    return Service("sharing", run, random.uniform(0.7, 2.0), rate)


def make_cache(random: np.random.Generator) -> Service:
    """Hits are quick; misses go to a backend, whose busy share is shown."""
    rate, c, hits = random.uniform(3, 10), _draw_servers(random), random.uniform(0.3, 0.85)
    mean, cv = c / rate / (1 - hits), random.uniform(0.3, 1.5)

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        miss = traffic.random.random(n) > hits
        work = _draw_work(traffic.random, n, mean, cv)
        done = traffic.arrive + _draw_work(traffic.random, n, mean / 30, 0.5)
        done[miss] = serve_in_order(traffic.arrive[miss], work[miss], c, 1_000_000)
        busy = _by_window(traffic.arrive, np.where(miss, work, 0), traffic.windows, c)
        return Outcome(done - traffic.arrive, {"database": busy})

    return Service("cache", run, random.uniform(0.7, 2.0), rate)


def make_mixed(random: np.random.Generator) -> Service:
    """Short requests and some that take 5 to 20 times as long, on the same servers."""
    rate, c = random.uniform(3, 10), _draw_servers(random)
    part, longer = random.uniform(0.02, 0.2), random.uniform(5, 20)
    mean = c / rate / (1 - part + part * longer)

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        factor = np.where(traffic.random.random(n) < part, longer, 1.0)
        work = _draw_work(traffic.random, n, mean, 0.5) * factor
        done = serve_in_order(traffic.arrive, work, c, 1_000_000)
        busy = _by_window(traffic.arrive, work, traffic.windows, c)
        return Outcome(done - traffic.arrive, {"CPU": busy})

    return Service("mixed", run, random.uniform(0.7, 2.0), rate)


def make_downstream(random: np.random.Generator) -> Service:
    """Two queues in a row; the second gives out first, and both are shown."""
    rate, c, first_c = random.uniform(3, 10), _draw_servers(random), _draw_servers(random)
    mean, cv = c / rate, random.uniform(0.3, 1.5)
    room = random.uniform(1.15, 3)
    first_mean = first_c / rate / room

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        first = _draw_work(traffic.random, n, first_mean, 0.8)
        between = serve_in_order(traffic.arrive, first, first_c, 1_000_000)
        order = np.argsort(between, kind="stable")
        work, done = _draw_work(traffic.random, n, mean, cv), np.empty(n)
        done[order] = serve_in_order(between[order], work, c, 1_000_000)
        busy = {
            "CPU": _by_window(traffic.arrive, first, traffic.windows, first_c),
            "database": _by_window(traffic.arrive, work, traffic.windows, c),
        }
        return Outcome(done - traffic.arrive, busy)

    return Service("downstream", run, random.uniform(0.7, 2.0), rate)


def make_remote(random: np.random.Generator) -> Service:
    """A call to someone else's service is most of the latency; the CPU gives out first."""
    rate, c = random.uniform(3, 10), _draw_servers(random)
    mean, cv = c / rate, random.uniform(0.3, 1.5)
    away = mean * random.uniform(1, 8)

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        work = _draw_work(traffic.random, n, mean, cv)
        done = serve_in_order(traffic.arrive, work, c, 1_000_000)
        done += _draw_work(traffic.random, n, away, 0.7)
        busy = _by_window(traffic.arrive, work, traffic.windows, c)
        return Outcome(done - traffic.arrive, {"CPU": busy})

    return Service("remote", run, random.uniform(0.7, 2.0), rate)


def make_lock(random: np.random.Generator) -> Service:
    """A lock for a part of the work on many cores; only the cores are shown."""
    rate = random.uniform(3, 10)
    rest, shown = random.uniform(1, 8) / rate, random.uniform(1.3, 3.5)

    def run(traffic: Traffic) -> Outcome:
        n = len(traffic.arrive)
        work = _draw_work(traffic.random, n, rest, 0.7)
        inside = _draw_work(traffic.random, n, 1 / rate, 0.6)
        order = np.argsort(traffic.arrive + work, kind="stable")
        done = np.empty(n)
        done[order] = serve_in_order((traffic.arrive + work)[order], inside[order], 1, 1_000_000)
        busy = _by_window(traffic.arrive, work + inside, traffic.windows, (rest * rate + 1) * shown)
        return Outcome(done - traffic.arrive, {"CPU": busy})

    return Service("lock", run, random.uniform(0.7, 2.0), rate, misleading=True)


def make_retry(random: np.random.Generator) -> Service:
    """A small queue that rejects; clients try again after a second, up to twice."""
    rate, c = random.uniform(3, 10), _draw_servers(random)
    mean, cv = c / rate, random.uniform(0.3, 1.5)
    waiting = max(2, int(c * random.uniform(0.3, 2)))

    def run(traffic: Traffic) -> Outcome:
        arrive, work = traffic.arrive, _draw_work(traffic.random, len(traffic.arrive), mean, cv)
        for _ in range(2):
            done = serve_in_order(arrive, work, c, waiting)
            failed = np.isnan(done)
            again = arrive[failed] + traffic.random.uniform(0.5, 1.5, int(failed.sum()))
            arrive = np.concatenate([traffic.arrive, again])
            order = np.argsort(arrive, kind="stable")
            work = np.concatenate([work[: len(traffic.arrive)], work[failed]])[order]
            arrive = arrive[order]
        done = serve_in_order(arrive, work, c, waiting)
        used = np.where(np.isnan(done), 0.0, work)
        busy = _by_window(arrive, used, traffic.windows, c)
        return Outcome(done - arrive, {"CPU": busy}, arrive)

    return Service("retry", run, random.uniform(0.7, 2.0), rate, fails=True)


SHEET = (
    make_mmc,
    make_mg1,
    make_ggc,
    make_llm,
    make_pool,
    make_gc,
    make_deploy,
    make_flat,
    make_err,
)
"""The kinds that the method was made on, with other seeds."""
UNSEEN = (
    make_sharing,
    make_cache,
    make_mixed,
    make_downstream,
    make_remote,
    make_lock,
    make_retry,
    make_llm_slots,
)
"""Kinds that nothing was tuned on."""


def draw_arrivals(rate: Floats, ca2: float, random: np.random.Generator) -> Floats:
    """Arrivals over minutes of given rates, as a renewal process on the clock of the load."""
    passed = np.concatenate([[0.0], np.cumsum(rate * 60.0)])
    n = int(passed[-1] * 1.05 + 100)
    steps = np.cumsum(random.gamma(1 / ca2, ca2, n))
    minutes = np.arange(len(passed)) * 60.0
    arrivals: Floats = np.interp(steps[steps < passed[-1]], passed, minutes)
    return arrivals


def _run_steadily(
    service: Service, rate: float, seed: int, requests: int = _STATIONARY
) -> tuple[Floats, float]:
    """Latencies and the share of errors at a steady rate, after a warm-up."""
    random = np.random.default_rng(seed)
    minutes = int(requests / rate / 60) + 1
    arrive = draw_arrivals(np.full(minutes, rate), service.arrival_ca2, random)
    factor = service.deploy
    outcome = service.run(Traffic(arrive, 10**5, random, lambda t: np.full(len(t), factor)))
    latency = outcome.latency_s[len(arrive) // 20 :]
    return latency[~np.isnan(latency)], float(np.isnan(latency).mean())


def find_truth(service: Service, objective: CapacityObjective, seed: int) -> float:
    """The offered rate at which the objective breaks, to about 1%."""
    low, high = 0.02 * service.scale, 3.0 * service.scale
    for i in range(14):
        middle = np.sqrt(low * high)
        requests = _STATIONARY if i > 5 else _STATIONARY // 6
        latency, errors = _run_steadily(service, middle, seed, requests)
        slow = np.mean(latency > objective.latency_s)
        broken = slow > objective.most_slow or errors > objective.most_errors
        low, high = (low, middle) if broken else (middle, high)
    return float(np.sqrt(low * high))


def draw_week(peak: float, random: np.random.Generator) -> Floats:
    """(minutes,) rates: a day curve, quieter weekends, slow noise."""
    hour = np.arange(int(WEEK_S / 60)) / 60
    night, centre, width = random.uniform(0.05, 0.35), random.uniform(12, 16), random.uniform(3, 6)
    away = (hour - centre + 12) % 24 - 12
    day = night + (1 - night) * np.exp(-0.5 * (away / width) ** 2)
    weekend = np.where(hour // 24 % 7 >= 5, random.uniform(0.4, 0.9), 1.0)
    shocks = random.normal(0, 0.03, len(hour) // 15 + 1)
    noise = np.zeros(len(shocks))
    for i in range(1, len(shocks)):
        noise[i] = 0.9 * noise[i - 1] + shocks[i]
    rate = day * weekend * np.exp(np.repeat(noise, 15)[: len(hour)])
    scaled: Floats = peak * rate / np.quantile(rate, 0.998)
    return scaled


def _draw_bounds(limit_s: float, lowest: float, random: np.random.Generator) -> Floats:
    ratio = random.choice([1.25, 1.6, 2.05])
    below = np.ceil(np.log(limit_s / lowest) / np.log(ratio)) + 2
    bounds: Floats = limit_s * ratio ** np.arange(-below, 5)
    if random.random() < 0.85:
        return bounds
    between: Floats = bounds * ratio ** random.uniform(0.2, 0.8)
    return between


@dataclass(frozen=True, slots=True)
class Week:
    """A week of one service with what is true of it."""

    service: Service
    objective: CapacityObjective
    history: LoadHistory
    truth: float
    peak_share: float
    """The highest load as a share of what breaks the objective."""


def simulate_week(
    make: Callable[[np.random.Generator], Service], seed: int, share: tuple[float, float]
) -> Week:
    """One service and its week, with a peak of this share of the breaking rate."""
    random = np.random.default_rng(seed)
    service = make(random)
    quiet, _ = _run_steadily(service, 0.1 * service.scale, seed + 1, 20_000)
    objective = CapacityObjective(float(np.quantile(quiet, 0.95) * random.uniform(1.3, 5)))
    truth = find_truth(service, objective, seed + 2)
    peak = random.uniform(*share)
    arrive = draw_arrivals(draw_week(peak * truth, random), service.arrival_ca2, random)
    factor = _draw_factor(service, random)
    windows = int(WEEK_S / WINDOW_S)
    outcome = service.run(Traffic(arrive, windows, random, factor))
    bounds = _draw_bounds(objective.latency_s, float(np.quantile(quiet, 0.01)), random)
    history = _count(outcome, arrive, bounds, windows)
    return Week(service, objective, history, truth, peak)


def _draw_factor(service: Service, random: np.random.Generator) -> Callable[[Floats], Floats]:
    noisy = np.where(random.random(200) < 0.1, service.noisy, 1.0)
    change_s = random.uniform(0.3, 0.7) * WEEK_S

    def factor(t: Floats) -> Floats:
        hours = np.minimum((t / 3600).astype(np.int64), 199)
        result: Floats = noisy[hours] * np.where(t > change_s, service.deploy, 1.0)
        return result

    return factor


def _count(outcome: Outcome, arrive: Floats, bounds: Floats, windows: int) -> LoadHistory:
    arrive = arrive if outcome.arrive is None else outcome.arrive
    place = np.minimum((arrive / WINDOW_S).astype(np.int64), windows - 1)
    failed = np.isnan(outcome.latency_s)
    width = len(bounds) + 1
    bucket = np.searchsorted(bounds, outcome.latency_s[~failed])
    counts = np.bincount(place[~failed] * width + bucket, minlength=windows * width)
    return LoadHistory(
        1_764_000_000_000 + (np.arange(windows) + 1) * int(WINDOW_S * 1000),
        WINDOW_S,
        np.bincount(place, minlength=windows).astype(np.float64),
        np.bincount(place[failed], minlength=windows).astype(np.float64),
        counts.reshape(windows, width).astype(np.float64),
        bounds,
        tuple(Resource(name, busy) for name, busy in outcome.busy.items()),
    )
