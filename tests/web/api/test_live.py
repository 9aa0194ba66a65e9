"""Server-sent events: what a reader gets first, then, again, and when it reads slowly."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from jipyo import web
from jipyo.model.errors import QueryError
from jipyo.web.api import live, metrics, overview
from jipyo.web.api.operation import PREFIX, format_error
from jipyo.web.http import streams
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.http.streams import StreamRoute
from support.waiting import wait_until
from support.web import NOW_MS, serving
from web.api.conftest import api_routes
from web.api.test_patch import apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.catalogue import Catalogue
    from jipyo.source import Embedded
    from support.web import Client

TICK_S = 0.05
CPU = "system.cpu.utilization"
TEXT = "한" * 100
Event = tuple[str, str, Any]


class Board:
    """Documents that a test changes, in place of those that are computed of samples."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {"t": 1, "metrics": [{"id": "a", "n": 1}], "text": TEXT}
        self.error: QueryError | None = None
        self.now_s = 600.0
        self.asked: list[tuple[float, float]] = []
        self.overviews = 0

    def routes(self) -> list[Route]:
        return [
            Route(PREFIX + overview.OPERATION.path, self._answer_overview, self._format),
            Route(PREFIX + metrics.OPERATION.path, self._answer_metric, self._format),
        ]

    def stream(self, tick_s: float = TICK_S) -> StreamRoute:
        return live.build_stream(self.routes(), lambda: int(self.now_s * 1000), "ko", tick_s=tick_s)

    @staticmethod
    def _format(error: Exception, request: WebRequest) -> WebResponse:
        return format_error("ko", error, request)

    def _answer_overview(self, request: WebRequest) -> WebResponse:
        self.overviews += 1
        if self.error is not None:
            raise self.error
        return WebResponse(json.dumps({**self.document, "lang": request.first("lang")}).encode())

    def _answer_metric(self, request: WebRequest) -> WebResponse:
        start, end = float(request.first("start")), float(request.first("end"))
        self.asked.append((start, end))
        answer = {"id": request.path_params["id"], "by": request.first("by"), "t": [start, end]}
        return WebResponse(json.dumps(answer).encode())


class Stream:
    """An open stream, read by events."""

    def __init__(self, client: Client, query: str, have: str = "") -> None:
        headers = {"last-event-id": have} if have else {}
        self._response = client.pool.request(
            "GET", f"{client.base}/api/jipyo/live?{query}", headers=headers, preload_content=False
        )
        self.status, self.headers = self._response.status, self._response.headers
        self._lines = self._response.stream(1 << 20)
        self._buffer = b""

    def read_block(self) -> str:
        """The next event, or a heartbeat; empty where the stream has ended."""
        while b"\n\n" not in self._buffer:
            piece = next(self._lines, b"")
            if not piece:
                return ""
            self._buffer += piece
        block, _, self._buffer = self._buffer.partition(b"\n\n")
        return block.decode()

    def read(self) -> Event:
        """Id, kind and data of the next event."""
        block = ": "
        while block.startswith(":"):
            block = self.read_block()
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        return fields.get("id", ""), fields["event"], json.loads(fields["data"])

    def close(self) -> None:
        self._response.close()


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def opened() -> web.Streams:
    return web.Streams()


@pytest.fixture
def listen(board: Board, opened: web.Streams) -> Iterator[Callable[..., Stream]]:
    """`listen(query, have)` opens a stream that is closed at the end."""
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(serving(stream_route=board.stream(), streams=opened))

        def listen(query: str = "lang=en", have: str = "") -> Stream:
            stream = Stream(client, query, have)
            stack.callback(stream.close)
            return stream

        yield listen


def count(opened: web.Streams, name: str) -> float:
    return next(f.samples[0].value for f in opened.families() if f.name == name)


def test_the_first_event_is_the_whole_overview_then_come_changes(
    board: Board, listen: Callable[..., Stream]
) -> None:
    stream = listen()
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["x-accel-buffering"] == "no"
    assert "no-transform" in stream.headers["cache-control"]
    _, kind, document = stream.read()
    assert (kind, document) == ("snapshot", {**board.document, "lang": "en"})
    board.document = {"t": 2, "metrics": [{"id": "a", "n": 2}, {"id": "b", "n": 3}], "text": TEXT}
    id_, kind, patch = stream.read()
    assert kind == "change"
    assert apply(document, patch) == {**board.document, "lang": "en"}
    assert "text" not in patch["in"]
    assert id_


def test_an_unchanged_overview_gives_no_event(board: Board, listen: Callable[..., Stream]) -> None:
    stream = listen()
    stream.read()
    seen = board.overviews
    wait_until(lambda: board.overviews > seen + 3)
    board.document = {**board.document, "t": 5}
    assert stream.read()[2] == {"in": {"t": {"set": 5}}}


def test_a_reader_that_comes_again_gets_what_it_missed(
    board: Board, listen: Callable[..., Stream]
) -> None:
    keeper = listen()  # so that the server stays at it
    stream = listen()
    id_, _, document = stream.read()
    keeper.read()
    stream.close()
    board.document = {**board.document, "t": 7}
    keeper.read()
    _, kind, patch = listen(have=id_).read()
    assert kind == "change"
    assert apply(document, patch)["t"] == 7


def test_the_tag_of_an_overview_is_the_id_of_its_event(
    board: Board, listen: Callable[..., Stream]
) -> None:
    keeper = listen()
    id_ = keeper.read()[0]
    stream = listen(have=f'W/"{id_}"')
    board.document = {**board.document, "t": 9}
    assert stream.read()[1:] == ("change", {"in": {"t": {"set": 9}}})


def test_an_unknown_or_forgotten_version_is_answered_with_the_whole(
    board: Board, listen: Callable[..., Stream]
) -> None:
    keeper = listen()
    first = keeper.read()[0]
    for t in range(2, 3 + live.VERSIONS):
        board.document = {**board.document, "t": t}
        keeper.read()
    assert listen(have=first).read()[1] == "snapshot"
    assert listen(have="another server's").read()[1] == "snapshot"


def test_a_version_that_may_be_newer_than_what_was_published_waits_for_the_next() -> None:
    """Nothing is published while nobody reads: what was last is not sent again."""
    published = [
        live.Published("old", {"older": b"1", "old": b"2"}, b"snapshot", {"older": b"change"})
    ]
    readers = {
        have: live.LiveReader(lambda: published[0], "en", frozenset(), have)
        for have in ("newer", "older", "")
    }
    first = {have: reader.read() for have, reader in readers.items()}
    assert first == {"newer": [], "older": [b"change"], "": [b"snapshot"]}
    published[0] = live.Published("newest", {"old": b"2", "newest": b"3"}, b"all")
    assert readers["newer"].read() == [b"all"]


def test_each_language_is_its_own(board: Board, listen: Callable[..., Stream]) -> None:
    assert listen("lang=en").read()[2]["lang"] == "en"
    assert listen("lang=ko").read()[2]["lang"] == "ko"
    assert listen("").read()[2]["lang"] == "ko"


def test_tails_come_before_the_overview_and_only_with_a_new_step(
    board: Board, listen: Callable[..., Stream]
) -> None:
    stream = listen("lang=en&metric=cpu%3Fstep%3D60%26by%3Dgpu%26start%3D1")
    events = {kind: data for _, kind, data in (stream.read(), stream.read())}
    assert list(events) == ["tail", "snapshot"]
    tail = events["tail"]
    assert tail["metric"] == "cpu?step=60&by=gpu&start=1"
    assert tail["range"] == {"id": "cpu", "by": "gpu", "t": [480, 600]}
    board.now_s = 659.9
    seen = board.overviews
    wait_until(lambda: board.overviews > seen + 3)
    board.now_s = 665
    assert stream.read()[2]["range"]["t"] == [480, 660]
    board.now_s = 100_000  # a machine that slept
    assert stream.read()[2]["range"]["t"] == [99_960 - 3600, 99_960]
    assert board.asked == [(480, 600), (480, 660), (99_960 - 3600, 99_960)]


def test_many_readers_share_one_reading(board: Board, listen: Callable[..., Stream]) -> None:
    readers = [listen("lang=en&metric=cpu%3Fstep%3D60") for _ in range(10)]
    for reader in readers:
        assert {reader.read()[1], reader.read()[1]} == {"tail", "snapshot"}
    assert len(board.asked) == 1


def test_a_problem_is_sent_once_and_then_the_whole_again(
    board: Board, listen: Callable[..., Stream]
) -> None:
    board.error = QueryError.bad_data("the store is gone")
    stream = listen()
    _, kind, problem = stream.read()
    assert (kind, problem["error"]) == ("problem", "the store is gone")
    board.error = None
    assert stream.read()[1] == "snapshot"
    board.error = QueryError.bad_data("again")
    assert stream.read()[1] == "problem"
    board.error = None
    board.document = {**board.document, "t": 3}
    assert stream.read()[1] == "snapshot"


@pytest.mark.parametrize(
    "query", ["metric=cpu", "metric=cpu%3Fstep%3D0.1", "metric=cpu%3Fstep%3Dabc"]
)
def test_a_subscription_without_a_step_is_refused(
    query: str, listen: Callable[..., Stream]
) -> None:
    assert listen(query).status == 400


def test_too_many_subscriptions_are_refused(listen: Callable[..., Stream]) -> None:
    query = "&".join(f"metric=m{n}%3Fstep%3D60" for n in range(live.MAX_METRICS + 1))
    assert listen(query).status == 400


def test_silence_is_broken_by_heartbeats(board: Board) -> None:
    route = board.stream()
    quick = StreamRoute(route.path, route.publisher, route.format_error, 60, heartbeat_s=0.05)
    with serving(stream_route=quick) as client:
        stream = Stream(client, "lang=en")
        blocks = [stream.read_block() for _ in range(5)]
        assert blocks.count(": ") >= 3
        stream.close()


def test_there_are_as_many_streams_as_are_allowed(board: Board) -> None:
    opened = web.Streams(max_open=2)
    with serving(stream_route=board.stream(), streams=opened) as client:
        streams_ = [Stream(client, "lang=en") for _ in range(3)]
        assert [one.status for one in streams_] == [200, 200, 503]
        assert streams_[2].headers["retry-after"] == "30"
        assert count(opened, streams.REFUSED) == 1
        streams_[0].close()
        wait_until(lambda: count(opened, streams.OPEN) == 1)
        late = Stream(client, "lang=en")
        assert late.status == 200
        for one in (*streams_, late):
            one.close()


def test_streams_are_counted_and_the_ticking_ends_with_the_last(
    board: Board, opened: web.Streams, listen: Callable[..., Stream]
) -> None:
    stream = listen()
    stream.read()
    assert count(opened, streams.OPEN) == 1
    assert count(opened, streams.EVENTS) == 1
    assert count(opened, streams.SENT) > 40
    stream.close()
    wait_until(lambda: count(opened, streams.OPEN) == 0)
    time.sleep(3 * TICK_S)
    seen = board.overviews
    time.sleep(5 * TICK_S)
    assert board.overviews == seen


def test_the_end_of_the_server_ends_streams_at_once(board: Board) -> None:
    opened = web.Streams()
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(serving(stream_route=board.stream(), streams=opened))
        stream = Stream(client, "lang=en")
        stream.read()
        began = time.monotonic()
        threading.Timer(0.2, opened.stop).start()
        while stream.read_block() != "":
            pass
        assert time.monotonic() - began < 8
        assert Stream(client, "lang=en").status == 503


def test_a_change_of_the_configuration_ends_streams_which_may_come_again(
    opened: web.Streams, listen: Callable[..., Stream]
) -> None:
    stream = listen()
    stream.read()
    opened.end()
    while stream.read_block() != "":
        pass
    assert listen().read()[1] == "snapshot"


def test_one_who_does_not_read_holds_no_more_than_a_version(board: Board) -> None:
    """14 versions of 1.5 to 3 MB are published; the reader gets the last, not all of them."""
    with serving(stream_route=board.stream()) as client:
        host, port = client.base.removeprefix("http://").split(":")
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((host, int(port)))
            slow.sendall(b"GET /api/jipyo/live?lang=en HTTP/1.1\r\nHost: localhost\r\n\r\n")
            watcher = Stream(client, "lang=en")
            watcher.read()
            for t in range(2, 16):
                board.document = {"t": t, "metrics": [], "text": str(t) * 1_500_000}
                watcher.read()
            slow.settimeout(5)
            got = bytearray()
            while b"15" * 100 not in got[-100_000:]:
                got += slow.recv(1 << 16)
            assert got.count(b"event: ") < 8
        watcher.close()


def test_those_who_do_not_read_share_what_they_were_sent(board: Board) -> None:
    board.document = {"t": 1, "metrics": [], "text": "x" * 8_000_000}
    with serving(stream_route=board.stream()) as client, contextlib.ExitStack() as stack:
        host, port = client.base.removeprefix("http://").split(":")
        head = b"GET /api/jipyo/live?lang=en HTTP/1.1\r\nHost: localhost\r\n\r\n"
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        for _ in range(20):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((host, int(port)))
            slow.sendall(head)
        with socket.create_connection((host, int(port)), 10) as reader:
            reader.sendall(head)
            got = 0
            while got < 8_000_000:
                got += len(reader.recv(1 << 16))
        in_use, _ = tracemalloc.get_traced_memory()
    assert in_use < 40_000_000  # the document and its event, and not 160 MB more


def test_the_stream_has_the_overview_and_the_tail_of_the_api(
    source: Embedded, known: Catalogue
) -> None:
    routes = api_routes(source, known)
    route = live.build_stream(routes, lambda: NOW_MS, "ko", tick_s=TICK_S)
    with serving(*routes, stream_route=route) as client:
        asked = client.get("/api/jipyo/overview", lang="en")
        stream = Stream(client, f"lang=en&metric={CPU}%3Fstep%3D60")
        tail, snapshot = stream.read(), stream.read()
        assert snapshot[1:] == ("snapshot", asked.json)
        assert asked.headers["etag"] == f'W/"{snapshot[0]}"'
        end = NOW_MS // 60_000 * 60
        known_range = client.get(
            f"/api/jipyo/metric/{CPU}", lang="en", start=end - 120, end=end, step=60
        ).json
        assert tail[1:] == ("tail", {"metric": f"{CPU}?step=60", "range": known_range})
        stream.close()
