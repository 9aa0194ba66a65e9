"""Lines of every format, as programs write them, and random blocks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

ACCESS = (
    b'1.2.3.4 - u1 [16/Nov/2026:00:00:03 +0900] "GET /api/v1/users/12?q=1 HTTP/1.1" 200 1601 '
    b'"https://a.kr/" "Mozilla/5.0 (X11)" rt=0.001 rid=63e9a77f84f17c35d3e0d830ef6ef680',
    b'1.2.3.4 - - [16/Nov/2026:00:00:04 +0900] "POST /v1/chat HTTP/1.1" 502 0 "-" "-" rt=30.000 '
    b"rid=63e9a77f84f17c35d3e0d830ef6ef681",
    b'1.2.3.4 - - [16/Nov/2026:00:00:04 +0900] "GET / HTTP/2.0" 404 - "-" "curl/8"',
    b'::1 - - [16/Nov/2026:00:00:05 -0300] "GET /x HTTP/1.1" 304 0',
    b'::1 - - [16/Nov/2026:00:00:05 -0000] "GET /x HTTP/1.1" 304 0',
    b'::1 id bob [16/Nov/2026:00:00:05 +0000] "\\x16\\x03" 400 157 "-" "-"',
    b'::1 - - [16/Nov/2026:00:00:05 +0000] "GET /a\\"b HTTP/1.1" 200 1 "-" "a \\"quoted\\" agent"',
    b'a.kr:80 10.0.0.1 - - [16/Nov/2026:00:00:05 +0000] "GET / HTTP/1.1" 200 5 "-" "x" "1.1.1.1"',
    b'1.1.1.1 - - [16/Nov/2026:00:00:05 +0000] "GET / HTTP/1.1" 200 5 "-" "x" rt=0.1 urt="0.1, -"',
    b'1.1.1.1 - - [31/Feb/2026:00:00:05 +0000] "GET / HTTP/1.1" 200 5 "-" "x"',
)
JSON = (
    b'{"@timestamp":"2026-11-16T00:00:10.151+09:00","log.level":"INFO","service.name":"chat",'
    b'"message":"request completed in 433 ms","trace.id":"b7d8","duration_ms":342.9,"n":12}',
    b'{"@timestamp":"2026-11-16T00:00:10.152+09:00","log.level":"WARN","service.name":"auth",'
    b'"message":"a \\"quoted\\" \\ud55c text\\nsecond","trace.id":"b7d9","duration_ms":0.5,"n":-3}',
    b'{"@timestamp":"2026-11-16T00:00:11Z","log":{"level":"error","logger":"x"},"message":"m",'
    b'"event":{"duration":1200000},"tags":["a","b"],"ok":true,"none":null}',
    b'{"time":"2026-11-16T00:00:11Z","level":"info","msg":"hello","ok":true,"n":1e3}',
    b'{"time":"2026-11-16T00:00:11Z","level":"info","msg":"bye","ok":false,"n":12}',
    b'{"level":30,"time":1763222400123,"pid":1,"hostname":"h","msg":"pino"}',
    b'{"ts":1763222400.5,"severity":"ERROR","message":"x","app":"zap"}',
    b'{"remote":"1.2.3.4","status":200,"time":"2026-11-16T00:00:11+09:00"}',
    b'{"message":"no time"}',
    b'{"time":"never","msg":"bad time"}',
    b'{"time":"2026-13-16T00:00:11Z","level":"info","msg":"bad month","ok":true,"n":12}',
    b'{"broken":',
    b"{}",
    b'{"msg":"bad \\q escape","time":"2026-11-16T00:00:11Z"}',
)
TEXT = (
    b"2026-11-16 00:00:00,332 INFO worker[1005] app.worker: task embed_document",
    b"2026-11-16 00:00:01,332 ERROR worker[1005] app.worker: failed",
    b"2026-11-16T00:00:47.792+09:00  INFO 1 --- [nio-8080-exec-11] k.e.Monitor : \xed\x95\x9c",
    b"2026-11-16T00:00:47.792+09:00 ERROR 1 --- [app] [nio-8080-exec-11] k.e.Monitor : threw",
    b"2026-11-16 00:00:47.792 [main] INFO  c.e.Foo - hi",
    b"2026-11-16 00:00:47,792 INFO [main] c.e.Foo: hi",
    b"2026-11-16 00:00:47,792 - app - WARNING - hi",
    b"2026-11-16 00:00:47.792 | INFO     | app.x:main:12 - hi",
    b"2026-11-16 00:00:47.792 KST [123] user@db ERROR:  checkpoint",
    b"2026-11-16T00:00:47.792123+09:00 node-1 sshd[12]: Failed password",
    b"[2026-11-16 00:00:47,792: INFO/MainProcess] hi",
    b"[2026-11-16 00:00:47 +0900] [12] [INFO] Booting worker",
    b"[2026-11-16 00:00:47 TP0] Decode batch. #running-req: 1",
    b"[2026-11-16 00:00:47] Prefill batch. #new-seq: 1",
    b"[2026-11-16 00:00:47] something else",
    b"2026/11/16 00:00:47 [error] 1#2: *3 upstream timed out",
    b"2026/11/16 00:00:47 hello",
    b"2026-11-16 00:00:47 [Warning] x",
    b"[Mon Nov 16 00:00:00.123 2026] [core:error] [pid 12] x",
    b"081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1",
    b"17/06/09 20:10:40 INFO executor.CoarseGrained: Reg",
    b"03-17 16:13:38.811  1702  2395 D WindowManager: printFreezing",
    b"1:M 16 Nov 2026 00:00:01.123 * Ready to accept connections",
    b"(APIServer pid=100) INFO 11-16 00:00:02 [loggers.py:257] Engine 000: Avg prompt",
    b"INFO 09-23 08:00:00 metrics.py:351] Avg prompt throughput: 1.0 tokens/s, Pending: 0 reqs",
    b"I1116 00:00:01.123456 1 server.cc:592] Triton started",
    b"E1116 00:00:01.123456 1 model.cc:12] failed to load",
    b"<4>Nov 16 00:00:36 node-3 kernel[6656]: [8568835.847060] nvidia",
    b"Nov  6 00:00:36 node-3 kernel: x",
    b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed",
    b'<165>1 - h evntslog - ID47 [exampleSDID@32473 iut="3" e="A]\\"p"] \xef\xbb\xbfAn event',
    b'INFO:     10.0.1.152:45790 - "POST /v1/chat/completions HTTP/1.1" 200 OK',
    b"ERROR:    Exception in ASGI application",
    b"WARNING:root:hi",
    b'(APIServer pid=1) INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK',
    b"2026-11-16 25:00:00,332 INFO worker: bad hour",
    b"Feb 29 00:00:36 node-3 kernel: leap",
    b'time="2026-11-16T00:00:47Z" level=warning msg="a \\"b\\" c" n=12 f=0.25',
    b"ts=2026-11-16T00:00:47Z level=info caller=main.go:1 msg=started",
    b"a=b",
    b'<11>Nov 16 00:00:47 node-1 shop[12]: {"level":"warn","msg":"slow","ms":12,"app":"cart"}',
    b'<11>Nov 16 00:00:48 node-1 shop[12]: {"time":"2026-11-16T00:00:48.5Z","msg":"quick"}',
    b'<11>Nov 16 00:00:49 node-1 shop[12]: {"broken":',
)
LOOSE = (
    b"plain text", b"", b"  indented", b"\tat a.b.C.d(C.java:12)", b"Caused by: java.lang.X: y",
    b"Traceback (most recent call last):", b'  File "/a.py", line 1, in f', b"ValueError: x",
    b"During handling of the above exception, another exception occurred:", b"}", b"});",
    b"ERROR something failed", b"10 000 things", b"\xff\xfe broken", b"INFO", b"x\x00\x01",
    b"2026-11-16 not a time", b"java.lang.RuntimeException: x", b"... 12 more", b"[1, 2]", b"<1>x",
)  # fmt: skip
CRI = (
    b"2026-11-15T15:01:13.814314342Z stdout F ",
    b"2026-11-15T15:01:14.814314342Z stderr F ",
)


def make_block(random: Random, lines: int) -> bytes:
    """Lines that come in runs of one format, with others between."""
    made: list[bytes] = []
    while len(made) < lines:
        kind = random.choice((ACCESS, JSON, TEXT, TEXT, LOOSE))
        one = random.choice(kind)
        made += [one] * random.choice((1, 1, 1, 2, 9))
        made += random.choices(LOOSE, k=random.choice((0, 0, 0, 1, 3)))
    return b"".join(line + b"\n" for line in made)
