"""An Ollama server by its API and its log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from collect.helpers import samples
from jipyo.collect.ollama import Ollama, OllamaOptions, ollama_target
from jipyo.i18n import LANGS, texts
from jipyo.model.errors import CollectError
from support.http_server import serving

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from support.http_server import Answer

LOADED = {
    "models": [
        {
            "name": "llama3:8b",
            "model": "llama3:8b",
            "size": 6_000_000_000,
            "size_vram": 5_000_000_000,
            "digest": "365c0bd3c000",
            "details": {"parameter_size": "8.0B", "quantization_level": "Q4_0"},
            "expires_at": "2026-11-26T10:05:00+09:00",
        },
        {"name": "bge-m3:latest", "size": 1_200_000_000, "details": None},
        "nonsense",
        {"model": "odd", "size": "large"},
    ]
}
LINE = '[GIN] 2026/11/26 - 10:00:00 | 200 | 0.4s | 127.0.0.1 | POST "/api/generate"\n'


def ollama(ps: object = LOADED, status: int = 200) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        content: object = {"version": "0.12.3"} if handler.path.endswith("/api/version") else ps
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_models_and_requests_are_measured(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text(LINE)
    with serving(ollama()) as server:
        collector = Ollama(OllamaOptions(url=server.url, log=log))
        collector.collect(0)
        with log.open("a") as file:
            file.write(LINE * 3)
        found = samples(collector.collect(0))
    assert found['jipyo_ollama_info{version="0.12.3"}'] == 1
    model = '{model="llama3:8b",parameter_size="8.0B",quantization="Q4_0"}'
    assert found[f"jipyo_ollama_model_size_bytes{model}"] == 6e9
    assert found[f"jipyo_ollama_model_vram_bytes{model}"] == 5e9
    assert found['jipyo_ollama_model_size_bytes{model="bge-m3:latest"}'] == 1.2e9
    assert not [name for name in found if "odd" in name]
    assert found['jipyo_ollama_requests_total{path="/api/generate",status="200"}'] == 3
    assert collector.notes() == ()


def test_without_a_log_only_the_api_is_asked() -> None:
    with serving(ollama()) as server:
        found = samples(Ollama(OllamaOptions(url=server.url + "/")).collect(0))
    assert not [name for name in found if "request" in name]


@pytest.mark.parametrize("lang", LANGS)
def test_a_log_that_cannot_be_read_is_noted_and_costs_nothing_else(
    tmp_path: Path, lang: str
) -> None:
    with serving(ollama()) as server:
        collector = Ollama(OllamaOptions(url=server.url, log=tmp_path / "missing.log"))
        found = samples(collector.collect(0))
    [note] = collector.notes()
    assert "missing.log" in texts(lang)(note.key, **dict(note.values))
    assert 'jipyo_ollama_info{version="0.12.3"}' in found


@pytest.mark.parametrize(
    ("ps", "status", "key"),
    [
        (b"<html>", 200, "ollama.bad_answer"),
        ({"models": 5}, 200, "ollama.bad_answer"),
        ([], 200, "ollama.bad_answer"),
        (b"[" * 100_000, 200, "ollama.bad_answer"),
        (LOADED, 503, "ollama.status"),
    ],
)
def test_another_answer_is_an_error_that_says_so(ps: object, status: int, key: str) -> None:
    with (
        serving(ollama(ps, status)) as server,
        pytest.raises(CollectError) as caught,
    ):
        Ollama(OllamaOptions(url=server.url)).collect(0)
    assert caught.value.key == key


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(CollectError) as caught:
        Ollama(OllamaOptions(url="http://127.0.0.1:1")).collect(0)
    assert "127.0.0.1:1" in texts("en").error(caught.value)


def test_its_target_is_named_by_its_address() -> None:
    target = ollama_target(OllamaOptions(url="http://gpu1:11434/"))
    assert dict(target.labels) == {"job": "ollama", "instance": "gpu1:11434"}
