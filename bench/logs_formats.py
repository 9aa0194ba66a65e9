"""What parsing lines of logs costs: lines in a second of processor time, from bytes to batches."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bench.machine import describe_machine
from jipyo.logs.formats.parser import LineParser, Options
from jipyo.logs.formats.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

_LINES = 60_000
_TRIES = 3
_NOW_NS = 1_795_000_000_000_000_000
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"


def write_nginx(random: Random, second: int) -> str:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    path = random.choice(("/v1/chat/completions", f"/api/v1/users/{random.randrange(90000)}", "/"))
    return (
        f"10.0.{random.randrange(200)}.{random.randrange(200)} - u{random.randrange(40000)}"
        f' [16/Nov/2026:{clock} +0900] "POST {path} HTTP/1.1" {random.choice((200, 200, 404, 502))}'
        f' {random.randrange(90000)} "-" "{_AGENT}" rt={random.random():.3f}'
        f" rid={random.getrandbits(128):032x}"
    )


def write_json(random: Random, second: int) -> str:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    trace = f',"trace.id":"{random.getrandbits(128):032x}"' if random.random() < 0.8 else ""
    return (
        f'{{"@timestamp":"2026-11-16T{clock}.{random.randrange(1000):03}+09:00","log.level":"INFO",'
        f'"service.name":"{random.choice(("chat", "auth"))}","host.name":"app-1",'
        f'"message":"요청 {random.randrange(90000)} 처리 완료"{trace},'
        f'"process.thread.name":"exec-{random.randrange(16)}","ecs.version":"8.11.0"}}'
    )


def write_python(random: Random, second: int) -> str:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    text = f"task embed_document[{random.getrandbits(128):032x}] received"
    return f"2026-11-16 {clock},{random.randrange(1000):03} INFO worker[1005] app.worker: {text}"


def write_plain(random: Random, second: int) -> str:
    return f"step {second} of the pipeline read {random.randrange(90000)} documents in batches"


WRITERS: dict[str, tuple[Callable[[Random, int], str], str]] = {
    "nginx, combined and more": (write_nginx, ">= 600,000"),
    "JSON (ECS)": (write_json, ">= 500,000"),
    "Python logging": (write_python, ">= 600,000"),
    "plain text": (write_plain, ">= 600,000"),
}


def measure(block: bytes, redactor: Redactor | None) -> float:
    """Lines in a second of processor time, the best of some tries."""
    best = float("inf")
    for _ in range(_TRIES):
        parser = LineParser(Options(service="bench", zone=ZoneInfo("Asia/Seoul")), redactor)
        start = time.process_time()
        batches = parser.feed(block, _NOW_NS, end=True)
        best = min(best, time.process_time() - start)
        assert sum(map(len, batches)) == _LINES, "BUG: lines were lost"
    return _LINES / best


def main() -> None:
    table = Table("lines", "alone", "with redaction", "wanted alone", title=describe_machine())
    for name, (write, wanted) in WRITERS.items():
        random = Random(1)
        block = "".join(write(random, n // 4) + "\n" for n in range(_LINES)).encode()
        alone, redacted = measure(block, None), measure(block, Redactor())
        table.add_row(name, f"{alone:,.0f}", f"{redacted:,.0f}", wanted)
    Console().print(table)


if __name__ == "__main__":
    main()
