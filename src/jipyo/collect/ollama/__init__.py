"""Ollama, which exports no metrics: its API and its log become some."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from jipyo.collect.ollama.log import LogFollower, RequestCounts
from jipyo.collect.ollama.options import OllamaOptions
from jipyo.collect.target import Target, own_target
from jipyo.model.errors import CollectError, NetError
from jipyo.model.family import Row, gauge, info
from jipyo.model.reading import ReadingNote
from jipyo.model.secret import redact_url
from jipyo.net.http import HttpClient, HttpOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.family import Family

__all__ = ["Ollama", "OllamaOptions", "ollama_target"]

_BODY_LIMIT = 4 << 20
_MODEL_LABELS = ("model", "parameter_size", "quantization")


class Ollama:
    """One server: the models that it has loaded, and the requests in its log."""

    def __init__(self, options: OllamaOptions) -> None:
        """Nothing is connected or opened before the first `collect`."""
        self._options = options
        self._client = HttpClient(HttpOptions(timeout_s=options.timeout_s, body_limit=_BODY_LIMIT))
        self._log = None if options.log is None else LogFollower(options.log)
        self._counts = RequestCounts()
        self._notes: tuple[ReadingNote, ...] = ()

    def collect(self, t_ms: int) -> list[Family]:
        """Ask the API, and count what was logged since the last time.

        Raises:
            CollectError: the API does not answer, or not as Ollama does.
        """
        self._notes = ()
        requests = list(self._count_requests())
        version = self._ask("/api/version").get("version")
        models = self._ask("/api/ps").get("models")
        if not isinstance(models, list):
            raise CollectError("ollama.bad_answer", url=redact_url(self._options.url))
        text = "The server's version."
        return [
            info("jipyo_ollama_info", text, {"version": str(version)}),
            *_build_models([model for model in models if isinstance(model, dict)]),
            *requests,
        ]

    def notes(self) -> tuple[ReadingNote, ...]:
        """Why the log could not be read."""
        return self._notes

    def _ask(self, path: str) -> dict[str, Any]:
        url = self._options.url.rstrip("/") + path
        try:
            response = self._client.request("GET", url)
        except NetError as error:
            raise error.as_kind(CollectError) from error
        if response.status != 200:
            raise CollectError(
                "ollama.status", url=response.url, status=response.status, reason=response.reason
            )
        with contextlib.suppress(ValueError, RecursionError):
            answer = json.loads(response.body)
            if isinstance(answer, dict):
                return answer
        raise CollectError("ollama.bad_answer", url=response.url)

    def _count_requests(self) -> Iterator[Family]:
        """The requests of the log; a log that cannot be read costs these alone."""
        if self._log is None:
            return
        try:
            for line in self._log.read_new_lines():
                self._counts.add_line(line)
        except OSError as error:
            reason = error.strerror or str(error)
            path = str(self._options.log)
            self._notes = (ReadingNote("ollama.no_log", (("path", path), ("reason", reason))),)
        yield from self._counts.families()


def ollama_target(options: OllamaOptions) -> Target:
    """The server as a target of the loop."""
    collector = Ollama(options)
    address = redact_url(options.url)
    target = own_target(
        [collector],
        job=options.job,
        instance=options.instance or address.partition("://")[2].rstrip("/"),
        interval_ms=options.interval_ms,
        notes=collector.notes,
    )
    return Target(target.labels, target.reader, target.interval_ms, address)


def _build_models(models: list[dict[str, Any]]) -> Iterator[Family]:
    """The models in memory, each with its size and how much of it is on the GPU."""
    sizes: list[Row] = []
    on_gpu: list[Row] = []
    for model in models:
        details = model.get("details")
        details = details if isinstance(details, dict) else {}
        names = (
            str(model.get("model") or model.get("name") or ""),
            str(details.get("parameter_size") or ""),
            str(details.get("quantization_level") or ""),
        )
        for rows, key in ((sizes, "size"), (on_gpu, "size_vram")):
            value = model.get(key)
            if isinstance(value, int | float):
                rows.append((names, float(value)))
    text = "Memory of a loaded model."
    yield gauge("jipyo_ollama_model_size_bytes", text, _MODEL_LABELS, dict(sizes).items())
    text = "The part of a loaded model's memory that is on the GPU."
    yield gauge("jipyo_ollama_model_vram_bytes", text, _MODEL_LABELS, dict(on_gpu).items())
