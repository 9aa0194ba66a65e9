"""The model servers, and the gateway before them that knows the tenants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.demo.day import STEP_S, TargetDay, draw_histogram, smooth_noise
from jipyo.demo.host import SERVICE_LOSES

if TYPE_CHECKING:
    from jipyo.demo.day import DemoDay
    from jipyo.model.sample import Values

_REQUEST_EDGES = (0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 30, 60)
_TOKEN_EDGES = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5)
_GAP_EDGES = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.5)
_QUEUE_EDGES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 2, 5)


@dataclass(frozen=True, slots=True)
class DemoEngine:
    """A model and what it is used for."""

    model: str
    instance: str
    per_second: float
    """Requests a second at a usual peak."""
    prompt_tokens: float
    answer_tokens: float
    seconds: float
    """The usual time of a request."""
    tenants: tuple[tuple[str, float], ...]
    """Who asks, with their shares."""


TENANT_NAMES = {
    "civil": {"ko": "민원상담", "en": "Citizens' desk"},
    "office": {"ko": "내부행정", "en": "Administration"},
    "school": {"ko": "교육지원", "en": "Education"},
    "research": {"ko": "연구", "en": "Research"},
    "dev": {"ko": "개발", "en": "Development"},
}
"""What the site calls its tenants, by their labels."""
ENGINES = (
    DemoEngine(
        "qwen3-14b", "ai-node-1:8001", 10.4, 640, 96, 0.27,
        (("civil", 0.46), ("office", 0.27), ("school", 0.17), ("dev", 0.1)),
    ),
    DemoEngine(
        "exaone-4-32b", "ai-node-1:8002", 3.1, 980, 120, 0.31,
        (("civil", 0.22), ("office", 0.61), ("research", 0.17)),
    ),
)  # fmt: skip


def ask(day: DemoDay, engine: DemoEngine) -> list[tuple[str, Values, Values, Values]]:
    """Requests, prompt and answer tokens of each tenant in each step; engine and gateway agree."""
    rng = np.random.default_rng((day.seed, day.number, *engine.model.encode()))
    lost = SERVICE_LOSES * day.during(day.story.outage)
    silent = day.during(day.story.maintenance) | day.during(day.story.uncollected)
    if engine.model == ENGINES[0].model:
        silent |= day.during(day.story.restart)
    wanted = np.where(silent, 0.0, day.load * (1 - lost))
    found = []
    for tenant, share in engine.tenants:
        requests = rng.poisson(STEP_S * engine.per_second * share * wanted).astype(float)
        size = 1 + smooth_noise(rng, requests.size, 0.08)
        prompts = np.round(requests * engine.prompt_tokens * size)
        answers = np.round(requests * engine.answer_tokens * size)
        found.append((tenant, requests, prompts, answers))
    return found


def share_of_failures(day: DemoDay, engine: DemoEngine) -> Values:
    """How many requests an engine fails: some where many ask, none in quiet hours."""
    return 3e-5 * np.clip(day.load - 0.6, 0, None) * (engine is ENGINES[0])


def add_engine(target: TargetDay, engine: DemoEngine) -> None:
    """An engine as vLLM counts it."""
    day, rng, labels = target.day, target.rng, {"model_name": engine.model, "engine": "0"}
    wanted = ask(day, engine)
    requests = np.sum([one[1] for one in wanted], axis=0)
    prompts = np.sum([one[2] for one in wanted], axis=0)
    answers = np.sum([one[3] for one in wanted], axis=0)
    crowd = 1 + 0.32 * np.clip(day.load, 0, 1.4) ** 2
    times = {
        "e2e_request_latency": (_REQUEST_EDGES, engine.seconds * crowd, 7.5),
        "time_to_first_token": (_TOKEN_EDGES, 0.085 * crowd, 4.0),
        "inter_token_latency": (_GAP_EDGES, 0.0125 * crowd, 4.0),
        "request_queue_time": (_QUEUE_EDGES, 0.012 * crowd**2, 1.9),
    }
    for name, (edges, middle, steepness) in times.items():
        counts, seconds = draw_histogram(rng, requests, middle, steepness, edges)
        target.histogram(f"vllm:{name}_seconds", edges, counts, seconds, **labels)
    failed = rng.binomial(requests.astype(np.int64), share_of_failures(day, engine)).astype(float)
    aborted = rng.binomial((requests - failed).astype(np.int64), 0.004).astype(float)
    ended = {"stop": requests - failed - aborted, "abort": aborted, "error": failed}
    for reason, count in ended.items():
        target.count("vllm:request_success_total", count, finished_reason=reason, **labels)
    target.count("vllm:prompt_tokens_total", prompts, **labels)
    target.count("vllm:generation_tokens_total", answers, **labels)
    target.count("vllm:prefix_cache_queries_total", prompts, **labels)
    target.count("vllm:prefix_cache_hits_total", np.round(prompts * 0.41), **labels)
    target.count("vllm:num_preemptions_total", 0.0, **labels)
    target.count("vllm:spec_decode_num_draft_tokens_total", answers, **labels)
    target.count("vllm:spec_decode_num_accepted_tokens_total", np.round(answers * 0.63), **labels)
    running = np.round(requests / STEP_S * engine.seconds * crowd * target.jitter(0.1))
    waiting = np.floor(np.clip(running / 6 - 1, 0, None) * target.jitter(0.3))
    target.gauge("vllm:num_requests_running", running, **labels)
    target.gauge("vllm:num_requests_waiting", waiting, **labels)
    for reason, share in (("capacity", 1.0), ("deferred", 0.0)):
        name = "vllm:num_requests_waiting_by_reason"
        target.gauge(name, waiting * share, reason=reason, **labels)
    cache = np.clip(0.06 + 0.085 * running * target.jitter(0.05), 0, 0.99)
    target.gauge("vllm:kv_cache_usage_perc", np.round(cache, 3), **labels)


def add_embeddings(target: TargetDay) -> None:
    """text-embeddings-inference, busiest in the nightly batch."""
    day, rng = target.day, target.rng
    rate = np.where(day.during(day.story.maintenance), 0.0, 5 * day.load)
    rate = rate + 40.0 * day.between_hours(2.0, 3.6)
    requests = rng.poisson(STEP_S * rate).astype(float)
    counts, seconds = draw_histogram(rng, requests, 0.055, 3.6, _QUEUE_EDGES)
    target.histogram("te_request_duration", _QUEUE_EDGES, counts, seconds)
    counts, seconds = draw_histogram(rng, requests, 0.006, 2.6, _QUEUE_EDGES)
    target.histogram("te_request_queue_duration", _QUEUE_EDGES, counts, seconds)
    target.count("te_request_count", requests, method="batch")
    target.count("te_request_success", requests, method="batch")
    target.gauge("te_queue_size", np.floor(rate / 30))


def add_gateway(target: TargetDay) -> None:
    """LiteLLM: the same requests by tenant."""
    rng = target.rng
    for engine in ENGINES:
        errors = share_of_failures(target.day, engine)
        total = np.zeros(target.day.t_ms.size)
        for tenant, requests, prompts, answers in ask(target.day, engine):
            labels = {"team_alias": tenant, "model": engine.model, "requested_model": engine.model}
            target.count("litellm_input_tokens_metric_total", prompts, **labels)
            target.count("litellm_output_tokens_metric_total", answers, **labels)
            target.count("litellm_proxy_total_requests_metric_total", requests, **labels)
            failed = rng.binomial(requests.astype(np.int64), errors).astype(float)
            name = "litellm_proxy_failed_requests_metric_total"
            target.count(name, failed, exception_status="500", **labels)
            total = total + requests
        name, middle = "litellm_request_total_latency_metric", engine.seconds * 1.12
        labels = {"requested_model": engine.model, "model": engine.model}
        counts, seconds = draw_histogram(rng, total, middle, 5.0, _REQUEST_EDGES)
        target.histogram(name, _REQUEST_EDGES, counts, seconds, **labels)
