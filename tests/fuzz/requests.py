"""HTTP requests as no browser sends them, over every path of the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

if TYPE_CHECKING:
    from random import Random

_DOCS = Path(__file__).parents[2] / "docs"

NAMES = (
    b"query", b"time", b"start", b"end", b"step", b"timeout", b"limit", b"match[]", b"stats",
    b"lookback_delta", b"metric", b"limit_per_metric", b"state", b"type", b"lang", b"name",
    b"query%ff", b"", b"a" * 300,
)  # fmt: skip
VALUES = (
    b"", b"0", b"1", b"-1", b"60", b"1793500000", b"1793500600", b"2024-02-30T00:00:00Z",
    b"2024-02-30", b"9" * 5000, b"1e309", b"-1e309", b"NaN", b"Inf", b"0x10", b"1_0", b"5m", b"1d",
    b"100y", b"-5m", b"0.0001", b"\xd9\xa1", b"true", b"all", b"ko", b"up", b"(1) </ (1)",
    b"-(1 >/ 1)", b"http://x[1h]y", b"metric%ff", b"\xff", b"\xed\xa0\x80", b"\x00",
    "한글".encode(), b"{}", b"{a=~\".*\"}", b'{__name__=~".+"}',
    b"{\"\xff\"}", b"rate(demo_total[5m])",
    b"demo_bucket[1h:1s]", b"sum by (a) (up)", b"histogram_quantile(2, demo_bucket)",
    b"label_replace(up, 'a', '$1', 'b', '(')", b"up offset -100y", b"up @ 1e15",
    b"count_values('\xff', up)", b"quantile(NaN, up)", b"(" * 600 + b"1" + b")" * 600,
    b"-" * 600 + b"1", b"absent(nothing)", b"time() ^ 1e9", b"vector(1) / 0", b"up[5m]", b"'a'",
    b"info(up)", b"topk(1e30, up)", b"predict_linear(up[1h], 1e300)", b"system.cpu.utilization",
    b"../../etc/passwd", b"%2e%2e%2f", b"'; DROP TABLE series", b"<script>", b"\r\nX-A: b",
)  # fmt: skip
HEADERS = (
    b"Accept: application/openmetrics-text", b"Accept: text/plain;escaping=dots;q=x",
    b"Accept-Encoding: gzip", b"Accept-Encoding: gzip;q=0, *",
    b"Content-Type: application/x-www-form-urlencoded", b"Content-Type: application/x-protobuf",
    b"Content-Type: application/json", b"Content-Type: \xff",
    b"Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request",
    b"Content-Encoding: snappy", b"Content-Encoding: gzip", b"Content-Encoding: zstd",
    b"Content-Encoding: br", b"Content-Length: 99999999999", b"Content-Length: -1",
    b"Content-Length: 1, 1", b"Content-Length: \xb2", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip", b"Expect: 100-continue", b"Connection: close",
    b"Connection: upgrade", b"Upgrade: websocket", b"Origin: http://evil", b"Host: evil",
    b"Host: [::1", b"Range: bytes=0-1", b"If-None-Match: *", b"X-A: " + b"b" * 5000, b": nameless",
    b"a b: c", b"X-A:\x00", b"X-Prometheus-Remote-Write-Version: 2.0.0", b"Forwarded: for=x",
)  # fmt: skip
BODIES = (
    b"", b"{}", b"[" * 3000, b"up 1\n", b"a" * 300, b"\x00" * 40, b"\x1f\x8b\x08\x00",
    b"\xff\x06\x00\x00sNaPpY", b'{"resourceMetrics":[{"scopeMetrics":"\\ud800"}]}',
    b"4\r\nabcd\r\n0\r\n\r\n", b"fffffffffffff\r\n", b"0\r\n",
)  # fmt: skip
METHODS = (
    (b"GET",) * 6
    + (b"POST",) * 4
    + (b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH", b"TRACE", b"get", b"\xff")
)


def read_paths() -> tuple[bytes, ...]:
    """The paths of the documentation, whose tests know them all."""
    text = (_DOCS / "http-api.md").read_text() + (_DOCS / "receivers.md").read_text()
    return tuple(sorted({path.encode() for path in re.findall(r"`(/[a-z0-9_/{}.\-]*)", text)}))


PATHS = read_paths()


def build_requests(random: Random) -> bytes:
    """One request, or several in a row."""
    return b"".join(_build_request(random) for _ in range(random.choice((1, 1, 1, 1, 2, 5))))


def _build_request(random: Random) -> bytes:
    method, fields = random.choice(METHODS), _build_fields(random)
    is_form = method != b"GET" and random.random() < 0.7
    target = _build_target(random)
    headers = [b"Host: localhost", *random.choices(HEADERS, k=random.choice((0, 0, 1, 2)))]
    body = b""
    if is_form:
        headers.append(b"Content-Type: application/x-www-form-urlencoded")
        body = fields
    elif method == b"GET" or random.random() < 0.3:
        target += b"?" + fields
    else:
        body = random.choice(BODIES)
    if body and random.random() < 0.9:
        headers.append(b"Content-Length: %d" % len(body))
    random.shuffle(headers)
    version = random.choice((b"HTTP/1.1",) * 9 + (b"HTTP/1.0", b"HTTP/2.0", b""))
    return b"\r\n".join((b" ".join((method, target, version)), *headers, b"", body))


def _build_target(random: Random) -> bytes:
    def fill(_: re.Match[bytes]) -> bytes:
        return _encode(random, random.choice(VALUES))

    path = re.sub(rb"\{[a-z]+\}", fill, random.choice(PATHS))
    if random.random() < 0.1:
        path += b"/" + _encode(random, random.choice(VALUES))
    return path if random.random() < 0.95 else b"http://localhost" + path


def _build_fields(random: Random) -> bytes:
    names = random.choices(NAMES, k=random.choice((0, 1, 1, 2, 3, 6)))
    names += random.choice(((), (b"query",), (b"query", b"start", b"end", b"step")))
    pairs = (name + b"=" + _encode(random, random.choice(VALUES)) for name in names)
    return b"&".join(pairs)


def _encode(random: Random, value: bytes) -> bytes:
    """Mostly percent-encoded."""
    choice = random.random()
    if choice < 0.9:
        return quote_from_bytes(value, safe="").encode()
    return value.replace(b" ", b"+") if choice < 0.95 else b"%" + value.replace(b" ", b"%2")
