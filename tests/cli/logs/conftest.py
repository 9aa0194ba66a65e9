"""An hour of two small services, imported by the product itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

N_CHAT, N_NGINX, N_FAILED, N_NEW = 240, 120, 10, 12


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the records are from."""
    folder = tmp_path_factory.mktemp("lines")
    now = int(time.time())
    chat = [(now - 10 * s, f"INFO request {s} done in {10 + s}ms") for s in range(1, N_CHAT + 1)]
    chat += [
        (now - 200 * n, f"ERROR connection to db-{n} refused\nTraceback:\n  at {n}")
        for n in range(1, N_FAILED + 1)
    ]
    chat += [(now - 60 - n, f"ERROR CUDA out of memory on gpu-{n} \x1b[31m") for n in range(N_NEW)]
    write(
        folder / "chat.log", [(t, f"{stamp(t):%Y-%m-%d %H:%M:%S},000 {text}") for t, text in chat]
    )
    nginx = [
        (
            now - 15 * n,
            f"10.0.0.{n % 3} - user{n % 3} [{stamp(now - 15 * n):%d/%b/%Y:%H:%M:%S} +0000] "
            f'"GET /items/{n} HTTP/1.1" {503 if n % 40 == 0 else 200} 5 "-" "Mozilla/5.0" '
            f"rt=0.{n:03d}",
        )
        for n in range(1, N_NGINX + 1)
    ]
    write(folder / "access.log", nginx)
    (folder / "now").write_text(str(now))
    return folder


@pytest.fixture
def now(lines: Path) -> int:
    """When the files were written, in Unix seconds: tests may come much later."""
    return int((lines / "now").read_text())


@pytest.fixture
def recent(now: int) -> tuple[str, ...]:
    """The last two minutes then."""
    return ("--from", str(now - 120), "--to", str(now))


@pytest.fixture
def hour(now: int) -> tuple[str, ...]:
    """The last hour then."""
    return ("--from", str(now - 3600), "--to", str(now))


def stamp(t_s: int) -> datetime:
    return datetime.fromtimestamp(t_s, UTC)


def write(path: Path, rows: list[tuple[int, str]]) -> None:
    path.write_text("\n".join(text for _, text in sorted(rows)) + "\n")


@pytest.fixture(scope="module")
def logs(lines: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The options that name their store."""
    folder = tmp_path_factory.mktemp("logs")
    config = folder / "jipyo.yaml"
    config.write_text("timezone: UTC\n")
    options = ("--config", str(config), "--data", str(folder / "data"))
    for name, service in (("chat.log", "chat"), ("access.log", "nginx")):
        result = jipyo("logs", "import", str(lines / name), "--service", service, *options)
        assert result.code == 0, result.err
    return options
