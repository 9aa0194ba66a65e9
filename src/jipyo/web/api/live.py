"""`/api/jipyo/live`: server-sent events with what is new on the overview and in open charts.

The first event is `snapshot`, the whole overview, or `change` for a reader that names the version
it has by `Last-Event-ID`: the tag of an overview that it got, or the id of an event. Then come a
`change` (see `jipyo.web.api.patch`) with every new version, a `tail` with the new values of each
metric that is subscribed to, and a `problem` where there is no overview.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson

from jipyo.i18n import texts
from jipyo.model.errors import QueryError
from jipyo.web.api import metrics, overview
from jipyo.web.api.operation import PREFIX, Operation, format_error
from jipyo.web.api.patch import diff
from jipyo.web.http.endpoint import answer_safely
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.http.params import parse_duration_ns
from jipyo.web.http.revalidate import hash_of
from jipyo.web.http.streams import StreamReader, StreamRoute

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from jipyo.i18n import Lang, Texts
    from jipyo.web.http.endpoint import Route

TICK_S = 5.0
VERSIONS = 8
"""Of each language so many overviews are kept: a reader that has one of them gets what changed."""
MAX_METRICS = 24
"""One reader may subscribe to so many metrics."""
MAX_TAILS = 256
"""So many different ones are read for all readers together; further ones get no events."""
_OVERLAP = 2
"""A tail has so many steps again: they may have been read before their samples were stored."""

PATH = "/live"


@dataclass(frozen=True, slots=True)
class MetricTail:
    """The data of an event `tail`."""

    metric: str
    """As it was subscribed to."""
    range: metrics.MetricRange
    """The newest steps; the first ones may repeat those of the event before."""


OPERATION = Operation(
    PATH,
    MetricTail,
    "Server-sent events with what is new; the data of `snapshot` are an overview, those of "
    "`change` what changed in it, those of `tail` the newest values of a metric.",
    ("metric", "lang"),
    media_type="text/event-stream",
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A metric whose new values a reader wants."""

    text: str
    """`ID?step=60`, with further parameters of the metric's document."""
    id: str
    grid_s: float
    """Its values are at the multiples of so many seconds: its columns, or else its steps."""
    fields: Mapping[str, Sequence[str]] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest steps of a metric, up to a time, as an event."""

    end_s: float
    event: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """What there is in one language; never changed, so that every thread may read it."""

    version: str = ""
    versions: Mapping[str, bytes] = field(default_factory=dict)
    """The newest overviews by their ids, the newest last."""
    snapshot: bytes = b""
    changes: Mapping[str, bytes] = field(default_factory=dict)
    """The event for who has an older version, by its id."""
    problem: bytes = b""
    tails: Mapping[Subscription, Tail] = field(default_factory=dict)


class LiveReader:
    """What one browser has of a language, and what it wants."""

    def __init__(
        self, find: Callable[[], Published], lang: Lang, wanted: frozenset[Subscription], have: str
    ) -> None:
        """`have` is the id of the overview that it has, or empty."""
        self.lang = lang
        self.wanted = wanted
        self._find = find
        self._first = find()
        self._version = have
        self._problem = b""
        self._ends: dict[Subscription, float] = {}

    def read(self) -> list[bytes]:
        """The events that are new to it: tails first, so that who redraws has them."""
        published = self._find()
        events = []
        for subscription in self.wanted:
            tail = published.tails.get(subscription)
            if tail is not None and tail.end_s > self._ends.get(subscription, -math.inf):
                self._ends[subscription] = tail.end_s
                events.append(tail.event)
        if published.problem and published.problem != self._problem:
            events.append(published.problem)
            self._version = ""  # the whole overview says that it is over
        elif not (published.problem or published.version == self._version or self._is_ahead):
            events.append(published.changes.get(self._version, published.snapshot))
            self._version = published.version
        self._problem = published.problem
        return events

    @property
    def _is_ahead(self) -> bool:
        """Whether it came with a version that may be newer than what has been published.

        Nothing is published for a language while nobody reads it.
        """
        is_known = not self._version or self._version in self._first.versions
        return not is_known and self._find() is self._first


class LivePublisher:
    """The overview in the languages that are read, and the tails that are subscribed to."""

    def __init__(
        self,
        read_overview: Callable[[Lang], WebResponse],
        read_metric: Callable[[Lang, Subscription, float, float], WebResponse],
        now_ms: Callable[[], int],
        default_lang: Lang,
    ) -> None:
        """`read_metric` is called with the first and the last step, in seconds."""
        self._read_overview = read_overview
        self._read_metric = read_metric
        self._now_ms = now_ms
        self._default_lang = default_lang
        self._published: dict[Lang, Published] = {}

    def open(self, request: WebRequest) -> LiveReader:
        """A reader of the language and the metrics that a request names.

        Raises:
            QueryError: what it subscribes to is no metric with a step, or it is too much.
        """
        lang = request.language(self._default_lang)
        t = texts(lang)
        wanted = frozenset(parse_subscription(text, t) for text in request.values("metric"))
        if len(wanted) > MAX_METRICS:
            raise QueryError.bad_data(t("web.many_subscriptions", most=MAX_METRICS))
        have = request.headers.get("last-event-id", "").removeprefix('W/"').rstrip('"')
        return LiveReader(partial(self._find, lang), lang, wanted, have)

    def _find(self, lang: Lang) -> Published:
        return self._published.get(lang, _NOTHING)

    def advance(self, readers: Collection[StreamReader]) -> None:
        """Read what the readers want, once for all of them."""
        ours = [reader for reader in readers if isinstance(reader, LiveReader)]
        wanted = {lang: _collect(ours, lang) for lang in sorted({one.lang for one in ours})}
        self._published = {
            lang: self._publish(lang, subscriptions) for lang, subscriptions in wanted.items()
        }

    def _publish(self, lang: Lang, wanted: Iterable[Subscription]) -> Published:
        before = self._find(lang)
        tails = {one: self._read_tail(lang, one, before.tails.get(one)) for one in wanted}
        found = {one: tail for one, tail in tails.items() if tail is not None}
        response = self._read_overview(lang)
        assert isinstance(response.body, bytes), "BUG: an overview in pieces"
        if response.status != 200:
            problem = encode_event("problem", response.body)
            return Published(before.version, before.versions, b"", {}, problem, found)
        version = hash_of(response.body)
        if version == before.version and not before.problem:
            return Published(version, before.versions, before.snapshot, before.changes, b"", found)
        older = {id_: body for id_, body in before.versions.items() if id_ != version}
        older = dict(islice(older.items(), max(len(older) + 1 - VERSIONS, 0), None))
        return Published(
            version,
            {**older, version: response.body},
            encode_event("snapshot", response.body, version),
            {id_: encode_change(body, response.body, version) for id_, body in older.items()},
            b"",
            found,
        )

    def _read_tail(self, lang: Lang, wanted: Subscription, before: Tail | None) -> Tail | None:
        """The tail up to the last whole step; the one before where there is no newer step."""
        end_s = self._now_ms() / 1000 // wanted.grid_s * wanted.grid_s
        if before is not None and before.end_s >= end_s:
            return before
        start_s = (end_s if before is None else before.end_s) - _OVERLAP * wanted.grid_s
        # After a long pause, as of a machine that slept, readers load the whole chart anew.
        start_s = max(start_s, end_s - 60 * wanted.grid_s)
        response = self._read_metric(lang, wanted, start_s, end_s)
        if response.status != 200 or not isinstance(response.body, bytes):
            return before  # the chart's own request says why
        name = orjson.dumps(wanted.text)
        event = encode_event("tail", b'{"metric":%b,"range":%b}' % (name, response.body))
        return Tail(end_s, event)


_NOTHING = Published()


def _collect(readers: Iterable[LiveReader], lang: Lang) -> list[Subscription]:
    """What is wanted in a language, in an order that stays; no more than may be read."""
    wanted = {one for reader in readers if reader.lang == lang for one in reader.wanted}
    return sorted(wanted, key=lambda one: one.text)[:MAX_TAILS]


def parse_subscription(text: str, t: Texts) -> Subscription:
    """What a parameter `metric` names: `system.cpu.utilization?step=60`.

    Raises:
        QueryError: it has no step, or one that is too short.
    """
    id_, _, query = text.partition("?")
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(query):
        fields.setdefault(name, []).append(value)
    step_s = parse_duration_ns(fields.get("step", ["0"])[0]) / 1e9
    column_s = parse_duration_ns(fields.get("column", ["0"])[0]) / 1e9
    if step_s < 1:
        raise QueryError.bad_data(t("web.bad_subscription", metric=text))
    others = {name: tuple(values) for name, values in fields.items() if name in _SELECTING}
    return Subscription(text, id_, max(step_s, column_s), others)


_SELECTING = ("step", "column", "by", "match")
"""The parameters of a metric's document but for its period."""


def encode_event(kind: str, data: bytes, id_: str = "") -> bytes:
    """An event whose data are one line of JSON."""
    head = f"id: {id_}\nevent: {kind}\n" if id_ else f"event: {kind}\n"
    return b"%bdata: %b\n\n" % (head.encode(), data)


def encode_change(old: bytes, new: bytes, version: str) -> bytes:
    """The event that makes the new overview of an old one; the whole one where that is shorter."""
    patch = orjson.dumps(diff(orjson.loads(old), orjson.loads(new)) or {"in": {}})
    if len(patch) >= len(new):
        return encode_event("snapshot", new, version)
    return encode_event("change", patch, version)


def build_publisher(
    routes: Iterable[Route], now_ms: Callable[[], int], default_lang: Lang
) -> LivePublisher:
    """The publisher of what the routes of the overview and of a metric answer."""
    by_path = {route.path: route for route in routes if "GET" in route.methods}
    first_view = by_path[PREFIX + overview.OPERATION.path]
    metric = by_path[PREFIX + metrics.OPERATION.path]

    def read_overview(lang: Lang) -> WebResponse:
        request = WebRequest(fields={"lang": (lang,)}, raw_path=first_view.path.encode())
        return answer_safely(first_view.handler, first_view.format_error, request)

    def read_metric(lang: Lang, wanted: Subscription, start_s: float, end_s: float) -> WebResponse:
        fields = {
            **wanted.fields,
            "start": (repr(start_s),),
            "end": (repr(end_s),),
            "lang": (lang,),
        }
        request = WebRequest(fields, {"id": wanted.id}, raw_path=metric.path.encode())
        return answer_safely(metric.handler, metric.format_error, request)

    return LivePublisher(read_overview, read_metric, now_ms, default_lang)


def build_stream(
    routes: Iterable[Route],
    now_ms: Callable[[], int],
    default_lang: Lang,
    *,
    tick_s: float = TICK_S,
) -> StreamRoute:
    """The stream of what the routes of the overview and of a metric answer."""
    publisher = build_publisher(routes, now_ms, default_lang)
    return StreamRoute(PREFIX + PATH, publisher, partial(format_error, default_lang), tick_s)
