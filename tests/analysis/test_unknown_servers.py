"""A model server that no metric covers is found, with what it exports; nothing else is."""

from __future__ import annotations

import pytest

from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.unknown_servers import UnknownServer, find_unknown_servers
from jipyo.analysis.wording import describe_verdict, name_unknown_server
from jipyo.catalogue import Catalogue, load
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.ai_servers import list_versions, read_server
from support.ai_stores import (
    END_MS,
    MINUTES,
    record_file,
    record_pages,
    record_server,
    record_servers,
)
from support.memory import MemoryStore

KNOWN: Catalogue = load()
FASTLLM = """
# TYPE fastllm_kv_cache_usage gauge
fastllm_kv_cache_usage 0.97
# TYPE fastllm_queue gauge
fastllm_queue 60
# TYPE fastllm_prompt_tokens_total counter
fastllm_prompt_tokens_total 1000
# TYPE up gauge
up 1
"""


def find(source: Embedded) -> tuple[UnknownServer, ...]:
    return find_unknown_servers(source, KNOWN, END_MS, source.metric_names(END_MS))


def scrape(job: str, page: str, store: MemoryStore | None = None) -> Embedded:
    store = store or MemoryStore()
    record_pages(store, job, [page] * len(MINUTES))
    return Embedded(store, Engine())


def test_a_server_with_metrics_of_a_model_server_is_found_with_what_it_exports() -> None:
    [server] = find(scrape("web", FASTLLM))
    assert (server.job, server.instances) == ("web", ("web:8000",))
    assert server.names == (
        "fastllm_kv_cache_usage",
        "fastllm_prompt_tokens_total",
        "fastllm_queue",
    )


@pytest.mark.parametrize("job", ["vllm", "prod-vllm-2", "LLM", "team/sglang", "triton1"])
def test_a_server_whose_job_is_named_as_one_is_found_whatever_it_exports(job: str) -> None:
    [server] = find(scrape(job, "up 1\nqueue_depth 60\n"))
    assert server == UnknownServer(job, (f"{job}:8000",), ("queue_depth",))


@pytest.mark.parametrize("job", ['a"b', "a\\b", "a\nb", "추론 1"])
def test_any_job_may_have_one(job: str) -> None:
    [server] = find(scrape(job, FASTLLM))
    assert (server.job, server.names[0]) == (job, "fastllm_kv_cache_usage")


@pytest.mark.parametrize("job", ["node", "teiid", "webllmx", "nimble", "wellness"])
def test_a_job_that_is_only_spelt_alike_is_not_found(job: str) -> None:
    assert find(scrape(job, "up 1\nqueue_depth 60\n")) == ()


@pytest.mark.parametrize("version", list_versions())
def test_a_server_that_the_catalogue_knows_is_not_found(version: str) -> None:
    assert find(record_servers(read_server(version))) == ()


@pytest.mark.parametrize("name", ["triton", "tgi", "llamacpp", "kserve", "ollama"])
def test_a_server_with_an_exposition_of_its_own_is_not_found(name: str) -> None:
    assert find(record_file(name)) == ()


def test_a_probe_of_a_model_server_is_none() -> None:
    assert find(scrape("llm", "up 1\nprobe_success 1\nprobe_http_status_code 200\n")) == ()


def test_a_known_server_beside_it_hides_nothing() -> None:
    store = MemoryStore()
    record_server(store, "vllm", read_server("vllm-0.33.0"))
    [server] = find(scrape("fast", FASTLLM, store))
    assert server.job == "fast"


def test_tokens_of_logins_are_not_those_of_a_model() -> None:
    page = "up 1\noauth_tokens_issued_total 5\ncsrf_token_errors_total 1\nsession_tokens 3\n"
    assert find(scrape("auth", page)) == ()


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "web web:8000 looks like a model server that the catalogue does not know"),
        ("ko", "web web:8000은 모델 서버로 보이지만 카탈로그에 없는 서버이므로"),
    ],
)
def test_the_verdict_names_it_as_not_judged(lang: Lang, expected: str) -> None:
    health = assess_catalogue(scrape("web", FASTLLM), KNOWN, END_MS)
    assert expected in describe_verdict(health, texts(lang))


@pytest.mark.parametrize("lang", LANGS)
def test_many_servers_of_a_job_are_named_once(lang: Lang) -> None:
    store = MemoryStore()
    for nth in range(30):
        labels = Labels.of({"__name__": "up", "job": "trtllm", "instance": f"gpu{nth:02}:8000"})
        store.put(labels, [END_MS], [1])
    [server] = find(Embedded(store, Engine()))
    assert len(server.instances) == 30
    assert server.names == ()
    assert (
        name_unknown_server(server, texts(lang))
        == {
            "en": "trtllm gpu00:8000 and 29 more",
            "ko": "trtllm gpu00:8000 외 29개",
        }[lang]
    )


def test_quotes_and_backslashes_in_labels_are_data() -> None:
    job = 'llm"} or up{job="\\'
    assert find(scrape(job, "up 1\nx 1\n")) == ()
    assert [server.job for server in find(scrape("llm-[a]", "up 1\nx 1\n"))] == ["llm-[a]"]
