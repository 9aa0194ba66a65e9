"""The records that every log source of the contract has: awkward ones, and many at equal times."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.evaluate import list_texts
from jipyo.logs.record import Level, LogBatch, NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.logs.record import Column

START_NS = 1_795_878_000_000_000_000
"""2026-11-29 00:00 in Seoul."""
SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
END_NS = START_NS + 40 * HOUR_NS
SERVICES = ("api", "gateway", "검색", "worker-1")
_SPELLINGS = {
    Level.UNKNOWN: (None, "odd"),
    Level.TRACE: ("trace",),
    Level.DEBUG: ("debug", "DEBUG"),
    Level.INFO: ("info", "INFO", "Information"),
    Level.WARN: ("warn", "WARNING"),
    Level.ERROR: ("error", "ERROR", "Err"),
    Level.FATAL: ("fatal", "CRITICAL"),
}
_USERS = ("kim", "Kim", "이영희", "a b", "")
_TEXTS = (
    "Connection refused by 10.0.0.{n}:5432 after {n} ms",
    "connection REFUSED: host=db-{n} retry={n}",
    "서버에서 요청 {n}건을 처리하지 못했습니다",
    "사용자 user{n}님이 로그인했습니다 (세션=a{n}f)",
    "GET /api/v1/items/{n}?q=%EC%84%9C&x=* HTTP/1.1",
    "java.lang.OutOfMemoryError: Java heap space\n\tat com.example.Main.run(Main.java:{n})",
    'error_code=E{n} don\'t panic; 1,024.5 "quoted" C:\\temp\\{n}',
    "Timed out: ReadTimeout[{n}] 漢字テスト émigré №{n}",
    "{long} tail{n}",
    "out of memory ... out-of-memory/{n}",
    "",
    "---",
)


def build_batches(n: int, seed: int = 14) -> list[LogBatch]:
    """About so many records in order of arrival, of which every fourth shares its millisecond."""
    random_ = random.Random(seed)
    sizes = [n * share // 100 for share in (40, 30, 20, 10)]
    batches = []
    for service, size in zip(SERVICES, sizes, strict=True):
        spread = np.sort(np.array([random_.randrange(39 * 3600 * 1000) for _ in range(size)]))
        spread[size // 4 : size // 2] = spread[size // 4]
        # A whole minute in which everything happens at once, in all services.
        spread[: size // 20] = 5_400_000
        order = np.argsort(spread, kind="stable")
        batches += _split(_build_batch(service, START_NS + spread[order] * 1_000_000, random_))
    return batches


def _build_batch(service: str, t_ns: np.ndarray, random_: random.Random) -> LogBatch:
    n = len(t_ns)
    levels = np.array(random_.choices(range(7), (2, 1, 5, 60, 10, 20, 2), k=n), np.uint8)
    fields: dict[str, Column] = {
        "host.name": _texts([f"gpu-{random_.randrange(40):02}" for _ in range(n)]),
        "trace.id": _texts(
            [
                f"{random_.getrandbits(64):016x}" if random_.random() < 0.7 else None
                for _ in range(n)
            ]
        ),
        "user.name": _texts(
            [random_.choice(_USERS) if i % 3 else None for i in range(n)]
        ),
        "status": NumberColumn(
            np.array(random_.choices((200, 204, 404, 500, -1), k=n), np.int64),
            present=np.array([random_.random() < 0.8 for _ in range(n)]),
        ),
        "took": NumberColumn(
            np.array([int(random_.lognormvariate(5, 2)) for _ in range(n)], np.int64), decimals=3
        ),
        "ok": _texts([random_.choice(("true", "false")) for _ in range(n)]),
        "stack": _texts(
            ["at " * random_.choice((1, 90, 200)) if i % 50 == 0 else None for i in range(n)]
        ),
    }  # fmt: skip
    if service == "api":
        fields["only.api"] = _texts([f"v{i % 1500}" for i in range(n)])
    messages = [_write_message(random_) for _ in range(n)]
    return LogBatch(service, t_ns.astype(np.int64), levels, fields, messages)


def _write_message(random_: random.Random) -> bytes:
    long = random_.choice("xyz") * 250 + "Needle" + "w" * 300
    return random_.choice(_TEXTS).format(n=random_.randrange(200), long=long).encode()


def _texts(values: Sequence[str | None]) -> TextColumn:
    present = np.array([value is not None for value in values])
    return TextColumn(
        [(value or "").encode() for value in values], None if present.all() else present
    )


def _split(batch: LogBatch, rows: int = 20_000) -> Iterator[LogBatch]:
    """In parts, as a source receives them."""
    for start in range(0, len(batch), rows):
        part = slice(start, start + rows)
        assert batch.messages is not None
        yield LogBatch(
            batch.service,
            batch.t_ns[part],
            batch.level[part],
            {name: _cut(column, part) for name, column in batch.fields.items()},
            batch.messages[part],
        )


def _cut(column: Column, part: slice) -> Column:
    present = None if column.present is None else column.present[part]
    if isinstance(column, NumberColumn):
        return NumberColumn(column.values[part], column.decimals, present)
    return TextColumn(column.values[part], present)


def write_documents(batches: Sequence[LogBatch]) -> Iterator[str]:
    """The same records as JSON: levels in many spellings, numbers as they are written."""
    random_ = random.Random(7)
    for batch in batches:
        columns = {name: list_texts(batch, name) for name in batch.fields}
        messages = list_texts(batch, "message")
        for row in range(len(batch)):
            spelling = random_.choice(_SPELLINGS[Level(batch.level[row])])
            parts = [f'"@timestamp":"{_write_time(int(batch.t_ns[row]))}"']
            parts.append(f'"message":{_quote(messages[row])}')
            parts.append(f'"service":{{"name":{json.dumps(batch.service)}}}')
            if spelling is not None:
                parts.append(f'"log.level":"{spelling}"')
            for name, texts in columns.items():
                text = texts[row]
                if text is None:
                    continue
                is_bare = name == "ok" or isinstance(batch.fields[name], NumberColumn)
                parts.append(f'"{name}":{text.decode() if is_bare else _quote(text)}')
            yield "{" + ",".join(parts) + "}"


def _quote(text: bytes | None) -> str:
    return json.dumps((text or b"").decode(), ensure_ascii=False)


def _write_time(t_ns: int) -> str:
    seconds, rest = divmod(t_ns, SECOND_NS)
    return f"{np.datetime64(seconds, 's')}.{rest:09}Z"
