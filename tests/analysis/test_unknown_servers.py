"""A model server that nothing matches is said, with what it exports; others never are."""

from __future__ import annotations

import pytest

from catalogue.test_ai_servers import END_MS, QUARTER_HOUR, pages_of, replay, served, written
from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.unknown_servers import UnknownServer, find_unknown_servers
from jipyo.analysis.wording import describe_verdict, name_unknown_server
from jipyo.catalogue import Catalogue, load
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.prune import find_metric_names
from support.ai_servers import list_versions, read_server
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
    return find_unknown_servers(source, KNOWN, END_MS, find_metric_names(source, END_MS))


def scraped(job: str, text: str, store: MemoryStore | None = None) -> Embedded:
    store = store or MemoryStore()
    replay(store, job, lambda nth: text, QUARTER_HOUR)
    return Embedded(store, Engine())


def test_a_server_whose_names_are_telling_is_found_with_what_it_exports() -> None:
    [server] = find(scraped("web", FASTLLM))
    assert (server.job, server.instances) == ("web", ("web:8000",))
    assert server.names == (
        "fastllm_kv_cache_usage",
        "fastllm_prompt_tokens_total",
        "fastllm_queue",
    )


@pytest.mark.parametrize("job", ["vllm", "prod-vllm-2", "LLM", "team/sglang", "triton1"])
def test_a_server_whose_job_is_telling_is_found_though_its_names_are_not(job: str) -> None:
    [server] = find(scraped(job, "up 1\nqueue_depth 60\n"))
    assert server == UnknownServer(job, (f"{job}:8000",), ("queue_depth",))


@pytest.mark.parametrize("job", ["node", "teiid", "webllmx", "nimble", "wellness"])
def test_a_job_that_only_sounds_like_one_is_not_found(job: str) -> None:
    assert find(scraped(job, "up 1\nqueue_depth 60\n")) == ()


@pytest.mark.parametrize("version", list_versions())
def test_a_server_that_the_catalogue_knows_is_not_found(version: str) -> None:
    assert find(served(read_server(version))) == ()


@pytest.mark.parametrize("name", ["triton", "tgi", "llamacpp", "kserve", "ollama"])
def test_nor_is_one_that_is_known_by_a_page_of_its_own(name: str) -> None:
    assert find(written(name)) == ()


def test_a_probe_of_a_model_server_is_none() -> None:
    assert find(scraped("llm", "up 1\nprobe_success 1\nprobe_http_status_code 200\n")) == ()


def test_a_known_server_beside_it_hides_nothing() -> None:
    store = MemoryStore()
    replay(store, "vllm", pages_of(read_server("vllm-0.33.0")), QUARTER_HOUR)
    [server] = find(scraped("fast", FASTLLM, store))
    assert server.job == "fast"


def test_tokens_that_are_no_words_of_a_model_are_not_telling() -> None:
    page = "up 1\noauth_tokens_issued_total 5\ncsrf_token_errors_total 1\nsession_tokens 3\n"
    assert find(scraped("auth", page)) == ()


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "web web:8000 looks like a model server that the catalogue does not know"),
        ("ko", "web web:8000은 모델 서버로 보이지만 카탈로그에 없는 서버이므로"),
    ],
)
def test_the_verdict_says_that_it_is_not_judged(lang: Lang, expected: str) -> None:
    health = assess_catalogue(scraped("web", FASTLLM), KNOWN, END_MS)
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
    assert find(scraped(job, "up 1\nx 1\n")) == ()
    store = MemoryStore()
    replay(store, "llm-[a]", lambda nth: "up 1\nx 1\n", QUARTER_HOUR)
    assert [server.job for server in find(Embedded(store, Engine()))] == ["llm-[a]"]
