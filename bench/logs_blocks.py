"""Blocks of log records: bytes a record, encoding, and searches inside, in CPU time of one core.

Lines of an access log, messages of five services and tracebacks, made here; encoded ten blocks
of each, searched as often as 5 M records have blocks. `JIPYO_LOGHUB=DIR` adds the public message
sets there (`*.csv` of Loghub with a column Content, drawn by Zipf with digits made anew).
"""

from __future__ import annotations

import csv
import os
import random
import re
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import cramjam
import numpy as np
import orjson

from bench.machine import describe_machine
from jipyo.logs.query import Contains, Equals, Matches
from jipyo.logs.record import (
    Column,
    FieldPart,
    LineLayout,
    LogBatch,
    NumberColumn,
    TextColumn,
    TimePart,
)
from jipyo.logs.store.block import MOST_ROWS, BlockReader, EncodedBlock, encode_block
from jipyo.logs.store.search import Search
from jipyo.logs.store.select import count, select
from jipyo.logs.store.skeleton import SkeletonTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.query import Condition

START_NS = 1_795_000_000 * 10**9
BLOCKS = 10
FIVE_MILLION = -(-5_000_000 // MOST_ROWS)
NEEDLE = "3c61989650f4a5b54f808c4bde0833ac"
LAYOUT = LineLayout(
    "nginx",
    (b"", b" - ", b" [", b'] "', b" ", b" ", b'" ', b" ", b' "', b'" "', b'" rt=', b" rid=", b""),
    (
        FieldPart("client.ip"),
        FieldPart("user.name"),
        TimePart("%d/%b/%Y:%H:%M:%S %z", 9 * 3600),
        FieldPart("http.request.method"),
        FieldPart("url.original"),
        FieldPart("http.version"),
        FieldPart("http.response.status_code"),
        FieldPart("http.response.body.bytes"),
        FieldPart("http.request.referrer"),
        FieldPart("user_agent.original"),
        FieldPart("nginx.request_time"),
        FieldPart("trace.id"),
    ),
)
AGENTS = (
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    b" Chrome/141.0.0.0 Safari/537.36",
    b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    b" Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    b"OpenAI/Python 1.99.1",
    b"python-httpx/0.28.1",
    b"okhttp/4.12.0",
    b"curl/8.5.0",
)
REFERRERS = (b"-", b"https://a.kr/")
ROUTES = (
    b"/v1/chat/completions",
    b"/api/v1/conversations/{n}",
    b"/v1/embeddings",
    b"/api/v1/conversations/{n}/messages",
    b"/healthz",
    b"/static/app.{n}.js",
    b"/api/v1/users/{n}",
    *(b"/api/v1/resource%d/{n}" % number for number in range(53)),
)
MESSAGES = tuple(
    text.encode()
    for text in (
        "request completed in {n} ms",
        "대화 {n} 응답 생성 완료: 토큰 {k}개, {f}초",
        "prompt cache hit key={x} size={n}",
        "사용자 {u}의 요청 한도를 초과했습니다 (분당 {k}건)",
        "upstream model server 10.0.{k}.{k}:8000 timed out after {n} ms",
        "usage recorded user={u} prompt_tokens={n} completion_tokens={k} cost=0.0{n}",
        "vector search index=docs k=5 took {f} ms hits={k}",
        "routed request to backend vllm-{k} queue={k}",
        "NCCL watchdog timeout on rank {k}: work {n} ran for {n} ms, aborting communicator",
        "task embed_document[{h}] received",
        'Traceback (most recent call last):\n  File "/app/tasks.py", line {k}, in embed\n'
        "    chunks = split(document, size={n})\nValueError: 빈 문서",
    )
)
_BLANK = re.compile(rb"\{(.)\}")


def main() -> None:
    print(f"logs_blocks: {describe_machine()}\n")
    print("| figure | measured | at least |\n|---|---|---|")
    chance = np.random.default_rng(7)
    access = list(encode_all("access lines", [make_access(chance, at) for at in range(BLOCKS)]))
    app = list(encode_all("messages", [make_messages(chance, at) for at in range(BLOCKS)]))
    for title, condition in (
        ("text in fixed text", Contains("atchdog time")),
        ("Korean text", Contains("도를 초과")),
        ("text at a value's start", Contains("hits=4")),
        ("a user", Contains("u100008")),
        ("digits anywhere", Contains("7777")),
        ("absent trace id, as a field", Equals("trace.id", NEEDLE)),
        ("absent trace id, anywhere", Contains(NEEDLE)),
        ("pattern", Matches("took [0-9]+\\.[0-9]+ ms")),
    ):
        search(f"{title}: messages", app, condition)
        search(f"{title}: access lines", access, condition)
    search('`/messages HTTP/1.1" 50`: access lines', access, Contains('/messages HTTP/1.1" 50'))
    read(app[0])
    if "JIPYO_LOGHUB" in os.environ:
        list(encode_all("public sets", list(make_public(Path(os.environ["JIPYO_LOGHUB"])))))


def encode_all(title: str, batches: list[LogBatch]) -> Iterator[BlockReader]:
    table = SkeletonTable()
    started = time.process_time()
    blocks = [encode_block(batch, table) for batch in batches]
    spent = time.process_time() - started
    rows = sum(map(len, batches))
    metas = orjson.dumps([block.meta for block in blocks])
    texts = b"\0".join(table.texts_from(0))
    size = sum(len(bytes(cramjam.zstd.compress(part, 6))) for part in (metas, texts))
    size += sum(len(blob) for block in blocks for blob in block.blobs)
    goal = "<= 11" if title == "public sets" else ""
    print(f"| {title}: bytes a record | {size / rows:.2f} | {goal} |", flush=True)
    print(f"| {title}: encoded, k records/s | {rows / spent / 1e3:.0f} | 350 |", flush=True)
    yield from (open_block(block, table) for block in blocks)


def open_block(block: EncodedBlock, table: SkeletonTable) -> BlockReader:
    content = b"".join(block.blobs)
    return BlockReader(block.meta, lambda at, n: content[at : at + n], table)


def search(title: str, blocks: list[BlockReader], condition: Condition) -> None:
    wanted = Search(condition)
    found = sum(count(block, wanted) for block in blocks)
    ms = measure_ms(lambda: sum(count(block, wanted) for block in blocks))
    print(f"| {title}: ms for 5 M records | {ms / len(blocks) * FIVE_MILLION:.1f} ({found}) | |",
          flush=True)  # fmt: skip


def read(block: BlockReader) -> None:
    ms = measure_ms(block.messages)
    print(f"| all messages written out: k records/s | {block.n / ms:.0f} | |")
    rows = select(block, Contains("e"))[-100:]
    print(f"| the last 100 written out: ms | {measure_ms(lambda: block.messages(rows)):.2f} | |")


def measure_ms(call: Callable[[], object]) -> float:
    """CPU milliseconds, the least of three."""
    times = []
    for _ in range(3):
        started = time.process_time()
        call()
        times.append((time.process_time() - started) * 1e3)
    return min(times)


def make_access(random: np.random.Generator, at: int) -> LogBatch:
    """Access lines: Zipf's users, 60 routes, and durations that depend on the route."""
    n = MOST_ROWS
    users = (40_000 ** random.random(n)).astype(np.int64)
    names, places = np.unique(users, return_inverse=True)
    addresses = [b"%d.%d.%d.%d" % (58 + u % 160, u % 255, u % 251, u % 247) for u in names.tolist()]
    accounts = [b"u%d" % (100_000 + user) for user in names.tolist()]
    routes = np.minimum(random.zipf(1.4, n), len(ROUTES)) - 1
    ids = random.integers(0, 900_000, n).tolist()
    targets = [
        ROUTES[r].replace(b"{n}", b"%d" % i) for r, i in zip(routes.tolist(), ids, strict=True)
    ]
    status = np.where(random.random(n) < 0.01, 500, 200)
    took_ms = np.minimum(random.lognormal(3 + routes % 7 / 2, 0.9), 60_000).astype(np.int64)
    fields: dict[str, Column] = {
        "client.ip": TextColumn(pick(addresses, places)),
        "user.name": TextColumn(pick(accounts, places)),
        "http.request.method": TextColumn(pick((b"GET", b"POST"), random.integers(0, 2, n))),
        "url.original": TextColumn(targets),
        "url.route": TextColumn(pick(ROUTES, routes)),
        "http.version": TextColumn([b"HTTP/1.1"] * n),
        "http.response.status_code": NumberColumn(status),
        "http.response.body.bytes": NumberColumn(random.integers(0, 50_000, n)),
        "http.request.referrer": TextColumn(pick(REFERRERS, random.integers(0, 2, n))),
        "user_agent.original": TextColumn(pick(AGENTS, random.integers(0, len(AGENTS), n))),
        "nginx.request_time": NumberColumn(took_ms, 3),
        "event.duration": NumberColumn(took_ms * 1_000_000),
        "trace.id": TextColumn(make_traces(random, n)),
    }
    t_ns = START_NS + (at * n + np.arange(n)) // 20 * 10**9
    level = np.where(status == 500, 5, 3).astype(np.uint8)
    return LogBatch("nginx", t_ns, level, fields, layout=LAYOUT)


def make_messages(random: np.random.Generator, at: int) -> LogBatch:
    """Messages of a dozen templates, some in Korean, with hosts, threads and trace ids."""
    n = MOST_ROWS
    chosen = random.integers(0, len(MESSAGES), n)
    messages = [b""] * n
    for code, template in enumerate(MESSAGES):
        rows = np.flatnonzero(chosen == code)
        blanks = _BLANK.findall(template)
        pattern = _BLANK.sub(b"%b", template.replace(b"%", b"%%"))
        values = zip(*(make_values(random, kind, len(rows)) for kind in blanks), strict=True)
        for row, text in zip(rows.tolist(), map(pattern.__mod__, values), strict=True):
            messages[row] = text
    present = random.random(n) < 0.6
    hosts, threads = [b"node-%02d" % k for k in range(20)], [b"worker-%d" % k for k in range(16)]
    fields: dict[str, Column] = {
        "host.name": TextColumn(pick(hosts, random.integers(0, 20, n))),
        "trace.id": TextColumn(make_traces(random, n), present),
        "process.thread.name": TextColumn(pick(threads, random.integers(0, 16, n))),
    }
    t_ns = START_NS + np.cumsum(random.integers(0, 200, n)) * 1_000_000
    level = random.choice(np.arange(1, 7, dtype=np.uint8), n, p=(0.01, 0.08, 0.8, 0.08, 0.02, 0.01))
    return LogBatch("chat-api", t_ns + at * 4_000 * 10**9, level, fields, messages)


def make_values(random: np.random.Generator, kind: bytes, n: int) -> list[bytes]:
    """Values for the blanks of a kind."""
    if kind == b"h":
        return make_traces(random, n)
    if kind == b"u":
        return [b"u%d" % (100_000 + int(40_000**x)) for x in random.random(n).tolist()]
    if kind == b"f":
        return [b"%.2f" % x for x in random.lognormal(1, 0.6, n).tolist()]
    if kind == b"x":
        return [b"%x" % x for x in random.integers(0, 1 << 63, n).tolist()]
    return [b"%d" % x for x in random.integers(0, 900_000 if kind == b"n" else 90, n).tolist()]


def make_traces(random: np.random.Generator, n: int) -> list[bytes]:
    digits = random.bytes(16 * n).hex().encode()
    return [digits[at : at + 32] for at in range(0, 32 * n, 32)]


def pick(texts: Sequence[bytes], codes: NDArray[np.int64]) -> list[bytes]:
    return list(map(texts.__getitem__, codes.tolist()))


def make_public(folder: Path, n: int = 500_000) -> Iterator[LogBatch]:
    rng = random.Random(11)
    pool = []
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
            pool += [(file.stem, row["Content"]) for row in csv.DictReader(lines)]
    weights = [1 / rank**0.6 for rank in range(1, len(pool) + 1)]
    rng.shuffle(weights)
    by_set = defaultdict(list)
    for name, text in rng.choices(pool, weights, k=n):
        message = re.sub(r"\d{3,}", lambda digits: _make_digits(rng, len(digits[0])), text)
        by_set[name].append(message.encode("utf-8", "surrogateescape"))
    for name, messages in by_set.items():
        for start in range(0, len(messages), MOST_ROWS):
            part = messages[start : start + MOST_ROWS]
            steps = np.array([round(rng.expovariate(1 / 138)) for _ in part])
            hosts = [b"node-%02d" % rng.randrange(20) for _ in part]
            level = rng.choices(range(1, 6), (0.1, 0.82, 0.05, 0.028, 0.002), k=len(part))
            yield LogBatch(
                name,
                START_NS + np.cumsum(steps) * 1_000_000,
                np.array(level, np.uint8),
                {"host.name": TextColumn(hosts)},
                part,
            )


def _make_digits(rng: random.Random, length: int) -> str:
    return str(int(rng.random() * 10 ** min(length, 15))).zfill(length)
