"""Routes that take samples in: remote write, OTLP, text pages, groups of batch jobs.

A request is answered with success only when its samples are on disk.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from starlette.routing import BaseRoute, Route

from jipyo.collect.receive import otlp, remote_write
from jipyo.collect.receive.push_groups import JOB, PushGroups
from jipyo.collect.receive.text import form_of, read_text
from jipyo.i18n import texts
from jipyo.model.errors import JipyoError, MalformedBody, StoreFull, TooLarge, UnsupportedMediaType
from jipyo.model.family import counter
from jipyo.model.labels import Labels
from jipyo.model.sample import Appended, Reject
from jipyo.web.http.endpoint import JSON, Endpoint, Reply
from jipyo.wire import protobuf as wire
from jipyo.wire.compression import decompress
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jipyo.collect.receive.batch import ReceivedBatch
    from jipyo.model.family import Family
    from jipyo.model.store import Appender
    from jipyo.web.http.params import Form

PROTOBUF = "application/x-protobuf"
TEXT = "text/plain; charset=utf-8"
_V2 = "io.prometheus.write.v2.Request"
_V1 = "prometheus.WriteRequest"
_WRITTEN = "X-Prometheus-Remote-Write-{}-Written"
_RETRY = {"Retry-After": "5"}
_CODED = "@base64"
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverOptions:
    """What senders may send."""

    max_body_bytes: int = 64 << 20
    """Of one request, decompressed; a larger one is refused."""
    max_samples_per_s: int = 2_000_000
    """Of all senders together; beyond it they are asked to wait."""
    max_concurrency: int = 8
    """Taken in at the same time; further ones wait."""


class _BusyError(JipyoError):
    """More is sent than may be taken in."""


class _Pace:
    """How many samples may still be taken in: as many as a second brings, saved up for one."""

    def __init__(self, per_s: int, monotonic_s: Callable[[], float]) -> None:
        self._per_s = per_s
        self._now = monotonic_s
        self._left = float(per_s)
        self._at = monotonic_s()
        self._lock = threading.Lock()

    def spend(self, samples: int) -> None:
        with self._lock:
            now = self._now()
            self._left = min(self._left + (now - self._at) * self._per_s, self._per_s)
            self._at = now
            if self._left <= 0:
                raise _BusyError("web.too_fast", limit=self._per_s)
            # One request may overdraw, else a large one could never be taken in.
            self._left -= samples


class Receivers:
    """Takes samples in for the store, and counts what it took."""

    def __init__(
        self,
        appender: Appender,
        groups: PushGroups,
        now_ms: Callable[[], int],
        options: ReceiverOptions | None = None,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put what is sent into `appender`, and what is pushed to groups into `groups`."""
        self._options = options or ReceiverOptions()
        self._appender = appender
        self._groups = groups
        self._now_ms = now_ms
        self._pace = _Pace(self._options.max_samples_per_s, monotonic_s)
        self._remote = remote_write.RemoteWrite()
        self._otlp = otlp.Otlp()
        self._reading = threading.Lock()
        self._adding = threading.Lock()
        self._counting = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._left_out: Counter[tuple[str, str]] = Counter()

    def routes(self) -> list[BaseRoute]:
        """The routes, to be asked before all others."""
        pool = ThreadPoolExecutor(self._options.max_concurrency, "web-receive")

        def route(path: str, answer: Callable[[Form], Reply], *methods: str) -> Route:
            refusal = _refuse_otlp if answer == self.otlp_metrics else _refuse
            endpoint = Endpoint(path, lambda form, _gone: answer(form), refusal, pool)
            return Route(path, endpoint, methods=list(methods))

        return [
            route("/api/v1/write", self.remote_write, "POST"),
            route("/v1/metrics", self.otlp_metrics, "POST"),
            route("/api/v1/otlp/v1/metrics", self.otlp_metrics, "POST"),
            route("/api/v1/import/prometheus", self.text_page, "POST"),
            route("/metrics/{group:path}", self.put_group, "PUT"),
            route("/metrics/{group:path}", self.post_group, "POST"),
            route("/metrics/{group:path}", self.delete_group, "DELETE"),
        ]

    def families(self) -> Iterator[Family]:
        """What was taken in and what was refused, by protocol."""
        with self._counting:
            taken, refused = dict(self._taken), dict(self._refused)
            left_out = dict(self._left_out)
        text = "Samples taken in from senders."
        rows = [((protocol,), float(count)) for protocol, count in taken.items()]
        yield counter("jipyo_receive_samples_total", text, ("protocol",), rows)
        text = "Samples from senders that the store refused."
        by_reason = [(key, float(count)) for key, count in refused.items()]
        names = ("protocol", "reason")
        yield counter("jipyo_receive_rejected_samples_total", text, names, by_reason)
        text = "What senders sent that is not kept, such as native histograms."
        by_kind = [(key, float(count)) for key, count in left_out.items()]
        names = ("protocol", "kind")
        yield counter("jipyo_receive_left_out_total", text, names, by_kind)

    # ------------------------------------------------------------------- one a protocol

    def remote_write(self, form: Form) -> Reply:
        """Prometheus remote write, 1.0 and 2.0 by the content type."""
        proto = _proto(form.headers.get("content-type", ""))
        body = self._body(form, "snappy")
        with self._reading:
            read = self._remote.read_v2 if proto == _V2 else self._remote.read_v1
            pushed = read(body)
        appended = self._append("remote_write", pushed)
        told = _counts(appended) if proto == _V2 else {}
        # Exemplars may be left out in silence; a histogram that is not kept is a partial write.
        return _answer(appended, pushed, pushed.left_out.get("histograms", 0), told)

    def otlp_metrics(self, form: Form) -> Reply:
        """OTLP/HTTP, answered in the form it was asked in."""
        kind = _kind(form)
        if kind not in (PROTOBUF, JSON):
            raise UnsupportedMediaType(
                "receive.content_type", type=kind, known=f"{PROTOBUF}, {JSON}"
            )
        request = otlp.parse(self._body(form, ""), as_json=kind == JSON)
        with self._adding:
            pushed = self._otlp.read(request)
            appended = self._append("otlp", pushed)
            self._otlp.keep()
        answer = ExportMetricsServiceResponse()
        lost = sum(appended.rejected.values()) + sum(pushed.left_out.values())
        if lost:
            answer.partial_success.rejected_data_points = lost
            answer.partial_success.error_message = _rejected(appended, pushed, pushed.left_out)
        if kind == JSON:
            return Reply(json_format.MessageToJson(answer, indent=None).encode())
        return Reply(answer.SerializeToString(), media_type=PROTOBUF)

    def text_page(self, form: Form) -> Reply:
        """A page of text exposition; `extra_label=name=value` sets labels on all of it."""
        extra = dict(label.partition("=")[::2] for label in form.many("extra_label"))
        written = form_of(form.headers.get("content-type", ""))
        pushed = read_text(self._body(form, ""), extra, self._now_ms(), written)
        return _answer(self._append("text", pushed), pushed, 0, {})

    def put_group(self, form: Form) -> Reply:
        """A job's page in place of all that its group held."""
        return self._push(form, replace_all=True)

    def post_group(self, form: Form) -> Reply:
        """A job's page in place of the metrics that it names."""
        return self._push(form, replace_all=False)

    def delete_group(self, form: Form) -> Reply:
        """Forget a group."""
        self._groups.delete(_group(form.path["group"]))
        return Reply(b"", 202, TEXT)

    def _push(self, form: Form, *, replace_all: bool) -> Reply:
        key = _group(form.path["group"])
        written = form_of(form.headers.get("content-type", ""))
        body = self._body(form, "")
        self._pace.spend(body.count(b"\n"))
        samples = self._groups.push(
            key, body, self._now_ms(), replace_all=replace_all, form=written
        )
        self._count("group", Appended(samples), {})
        return Reply(b"", 200, TEXT)

    def _body(self, form: Form, encoding: str) -> bytes:
        said = form.headers.get("content-encoding", encoding)
        return decompress(form.body, said, self._options.max_body_bytes)

    def _append(self, protocol: str, pushed: ReceivedBatch) -> Appended:
        self._pace.spend(pushed.samples)
        if pushed.metadata:
            self._appender.describe(pushed.metadata)
        appended = self._appender.append(pushed.scrapes)
        if pushed.invalid:
            rejected = Counter(appended.rejected)
            rejected[Reject.INVALID_LABELS] += pushed.invalid
            appended = Appended(appended.samples, rejected)
        self._count(protocol, appended, pushed.left_out)
        return appended

    def _count(self, protocol: str, appended: Appended, left_out: Mapping[str, int]) -> None:
        with self._counting:
            self._taken[protocol] += appended.samples
            for reason, count in appended.rejected.items():
                self._refused[protocol, reason.value] += count
            for kind, count in left_out.items():
                self._left_out[protocol, kind] += count


# ------------------------------------------------------------------------------- what is said


def _refuse(error: Exception, form: Form) -> Reply:
    """Whether sending again helps is what a sender must know: 4xx no, 429 and 503 yes."""
    del form
    t = texts("en")
    if isinstance(error, StoreFull):
        return Reply(t.error(error).encode(), 503, TEXT, _RETRY)
    for kind, status, headers in (
        (_BusyError, 429, {"Retry-After": "1"}),
        (TooLarge, 413, {}),
        (UnsupportedMediaType, 415, {}),
        (MalformedBody, 400, {}),
    ):
        if isinstance(error, kind):
            return Reply(t.error(error).encode(), status, TEXT, headers)
    if isinstance(error, JipyoError):
        return Reply(t.error(error).encode(), 503, TEXT, _RETRY)
    return Reply(encode.error("internal", t("web.internal")), 500)


def _refuse_otlp(error: Exception, form: Form) -> Reply:
    """A `google.rpc.Status` with the message alone, as OTLP/HTTP wants it."""
    plain = _refuse(error, form)
    assert isinstance(plain.body, bytes)
    if _kind(form) == JSON:
        body, media_type = orjson.dumps({"message": plain.body.decode()}), JSON
    else:
        body, media_type = b"\x12" + wire.number(len(plain.body)) + plain.body, PROTOBUF
    return Reply(body, plain.status, media_type, plain.headers)


def _kind(form: Form) -> str:
    return form.headers.get("content-type", "").partition(";")[0].strip().lower()


def _answer(appended: Appended, pushed: ReceivedBatch, lost: int, told: Mapping[str, str]) -> Reply:
    """204 where all is kept; else 400, so that the sender shows it and does not send again."""
    if not appended.rejected and not lost:
        return Reply(b"", 204, TEXT, told)
    left_out = {kind: count for kind, count in pushed.left_out.items() if kind == "histograms"}
    return Reply(_rejected(appended, pushed, left_out).encode(), 400, TEXT, told)


def _rejected(appended: Appended, pushed: ReceivedBatch, left_out: Mapping[str, int]) -> str:
    """How many samples are kept, and how many were refused for which reason."""
    said = [f"{count} {why.value}" for why, count in appended.rejected.items()]
    said += [f"{count} {kind} (not kept here)" for kind, count in left_out.items()]
    example = f"; first invalid labels: {pushed.example}" if pushed.example else ""
    return f"{appended.samples} samples kept, others refused: {', '.join(said)}{example}"


def _counts(appended: Appended) -> dict[str, str]:
    """What remote write 2.0 must be told."""
    said = {"Samples": appended.samples, "Histograms": 0, "Exemplars": 0}
    return {_WRITTEN.format(name): str(count) for name, count in said.items()}


def _proto(content_type: str) -> str:
    """The message that the content type names; 1.0 where it names none.

    Raises:
        UnsupportedMediaType: it is neither.
    """
    # Senders older than the specification say nothing.
    kind, *parameters = (part.strip() for part in (content_type or PROTOBUF).split(";"))
    said = dict(one.partition("=")[::2] for one in parameters)
    proto = said.get("proto", _V1).strip('"')
    if kind.lower() != PROTOBUF or proto not in (_V1, _V2):
        known = f"{PROTOBUF};proto={_V1}, {PROTOBUF};proto={_V2}"
        raise UnsupportedMediaType("receive.content_type", type=content_type, known=known)
    return proto


def _group(path: str) -> Labels:
    """The labels of a group by its path: `job/NAME{/LABEL/VALUE}`, `@base64` after a name.

    Raises:
        MalformedBody: the path names no job, or is no such path.
    """
    parts = path.removesuffix("/").split("/")
    pairs = {}
    for name, value in zip(parts[::2], parts[1::2], strict=False):
        plain = name.removesuffix(_CODED)
        pairs[plain] = value if plain == name else _decoded(value)
    names_bad = any(not _LABEL.fullmatch(name) or name.startswith("__") for name in pairs)
    if len(parts) % 2 or not pairs.get(JOB) or names_bad:
        raise MalformedBody("receive.bad_group", path=path)
    return Labels.of(pairs)


def _decoded(value: str) -> str:
    """Base64 of either alphabet, padded or not; `=` alone is the empty value."""
    bare = value.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.b64decode(
            bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True
        ).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise MalformedBody("receive.bad_group", path=value) from error
