"""Options of an Ollama server: where its API is, and its log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaOptions:
    """One server."""

    url: str = "http://127.0.0.1:11434"
    log: Path | None = None
    """Where the server writes its log; without it, requests are unknown."""
    job: str = "ollama"
    instance: str = ""
    """Host and port of the URL where it is empty."""
    interval_ms: int = 15_000
    timeout_s: float = 10.0
