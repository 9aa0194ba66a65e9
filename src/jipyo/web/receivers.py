"""Routes that take samples in: remote write, OTLP, text pages, groups of batch jobs.

A request is answered with success only when its samples are on disk.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from starlette.routing import BaseRoute, Route

from jipyo.collect.families import counter
from jipyo.collect.push import otlp, remote_write
from jipyo.collect.push.body import BadBody, NotTaken, TooLarge, decompress
from jipyo.collect.push.groups import JOB, Groups
from jipyo.collect.push.text import read_text
from jipyo.i18n import texts
from jipyo.model.errors import JipyoError, StoreFull
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.web import encode
from jipyo.web.edge import JSON, Endpoint, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jipyo.collect.push.pushed import Pushed
    from jipyo.model.family import Family
    from jipyo.model.sample import Appended, Reject
    from jipyo.model.store import Appender
    from jipyo.web.params import Form

PROTOBUF = "application/x-protobuf"
TEXT = "text/plain; charset=utf-8"
_V2 = "io.prometheus.write.v2.Request"
_V1 = "prometheus.WriteRequest"
_WRITTEN = "X-Prometheus-Remote-Write-{}-Written"
_RETRY = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverOptions:
    """What senders may send."""

    max_body_bytes: int = 64 << 20
    """Of one request, decompressed; a larger one is refused."""
    max_samples_per_s: int = 2_000_000
    """Of all senders together; beyond it they are asked to wait."""
    requests: int = 8
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
        groups: Groups,
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
        self._counting = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()

    def routes(self) -> list[BaseRoute]:
        """The routes, to be asked before all others."""
        pool = ThreadPoolExecutor(self._options.requests, "web-receive")

        def route(path: str, answer: Callable[[Form], Reply], *methods: str) -> Route:
            endpoint = Endpoint(path, lambda form, _gone: answer(form), _refuse, pool)
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
        text = "Samples taken in from senders."
        rows = [((protocol,), float(count)) for protocol, count in taken.items()]
        yield counter("jipyo_receive_samples_total", text, ("protocol",), rows)
        text = "Samples from senders that the store refused."
        by_reason = [(key, float(count)) for key, count in refused.items()]
        names = ("protocol", "reason")
        yield counter("jipyo_receive_rejected_samples_total", text, names, by_reason)

    # ------------------------------------------------------------------- one a protocol

    def remote_write(self, form: Form) -> Reply:
        """Prometheus remote write, 1.0 and 2.0 by the content type."""
        proto = _proto(form.headers.get("content-type", ""))
        body = self._body(form, "snappy")
        with self._reading:
            read = self._remote.read_v2 if proto == _V2 else self._remote.read_v1
            pushed = read(body)
        appended = self._append("remote_write", pushed)
        told = _counts(appended, pushed) if proto == _V2 else {}
        if not appended.rejected:
            return Reply(b"", 204, TEXT, told)
        return Reply(_rejected(appended).encode(), 400, TEXT, told)

    def otlp_metrics(self, form: Form) -> Reply:
        """OTLP/HTTP, answered in the form it was asked in."""
        kind = form.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (PROTOBUF, JSON):
            raise NotTaken("push.content_type", type=kind, known=f"{PROTOBUF}, {JSON}")
        request = otlp.parse(self._body(form, ""), as_json=kind == JSON)
        with self._reading:
            pushed = self._otlp.read(request)
        appended = self._append("otlp", pushed)
        answer = ExportMetricsServiceResponse()
        lost = sum(appended.rejected.values()) + sum(pushed.left_out.values())
        if lost:
            answer.partial_success.rejected_data_points = lost
            kept_not = (f"{n} points of {what} are not kept" for what, n in pushed.left_out.items())
            said = [*kept_not, *([_rejected(appended)] if appended.rejected else ())]
            answer.partial_success.error_message = "; ".join(said)
        if kind == JSON:
            return Reply(json_format.MessageToJson(answer, indent=None).encode())
        return Reply(answer.SerializeToString(), media_type=PROTOBUF)

    def text_page(self, form: Form) -> Reply:
        """A page of text exposition; `extra_label=name=value` sets labels on all of it."""
        extra = dict(label.partition("=")[::2] for label in form.many("extra_label"))
        pushed = read_text(self._body(form, ""), extra, self._now_ms())
        appended = self._append("text", pushed)
        if not appended.rejected:
            return Reply(b"", 204, TEXT)
        return Reply(_rejected(appended).encode(), 400, TEXT)

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
        body = self._body(form, "")
        self._pace.spend(body.count(b"\n"))
        samples = self._groups.push(key, body, self._now_ms(), replace_all=replace_all)
        self._count("group", samples, {})
        return Reply(b"", 200, TEXT)

    def _body(self, form: Form, encoding: str) -> bytes:
        said = form.headers.get("content-encoding", encoding)
        return decompress(form.body, said, self._options.max_body_bytes)

    def _append(self, protocol: str, pushed: Pushed) -> Appended:
        self._pace.spend(pushed.samples)
        if pushed.metadata:
            self._appender.describe(pushed.metadata)
        appended = self._appender.append(pushed.scrapes)
        self._count(protocol, appended.samples, appended.rejected)
        return appended

    def _count(self, protocol: str, samples: int, rejected: Mapping[Reject, int]) -> None:
        with self._counting:
            self._taken[protocol] += samples
            for reason, count in rejected.items():
                self._refused[protocol, reason.value] += count


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
        (NotTaken, 415, {}),
        (BadBody, 400, {}),
    ):
        if isinstance(error, kind):
            return Reply(t.error(error).encode(), status, TEXT, headers)
    if isinstance(error, JipyoError):
        return Reply(t.error(error).encode(), 503, TEXT, _RETRY)
    return Reply(encode.error("internal", t("web.internal")), 500)


def _rejected(appended: Appended) -> str:
    """How many samples are kept, and how many were refused for which reason."""
    reasons = ", ".join(f"{count} {why.value}" for why, count in appended.rejected.items())
    return f"{appended.samples} samples kept, others refused: {reasons}"


def _counts(appended: Appended, pushed: Pushed) -> dict[str, str]:
    """What remote write 2.0 must be told."""
    del pushed
    said = {"Samples": appended.samples, "Histograms": 0, "Exemplars": 0}
    return {_WRITTEN.format(name): str(count) for name, count in said.items()}


def _proto(content_type: str) -> str:
    """The message that the content type names; 1.0 where it names none.

    Raises:
        NotTaken: it is neither.
    """
    kind, *parameters = (part.strip() for part in content_type.split(";"))
    said = dict(one.partition("=")[::2] for one in parameters)
    proto = said.get("proto", _V1).strip('"')
    if kind.lower() != PROTOBUF or proto not in (_V1, _V2):
        known = f"{PROTOBUF};proto={_V1}, {PROTOBUF};proto={_V2}"
        raise NotTaken("push.content_type", type=content_type, known=known)
    return proto


def _group(path: str) -> Labels:
    """The labels of a group by its path: `job/NAME{/LABEL/VALUE}`, `@base64` after a name.

    Raises:
        BadBody: the path names no job, or is no such path.
    """
    parts = path.strip("/").split("/")
    pairs = {}
    for name, value in zip(parts[::2], parts[1::2], strict=False):
        plain, at, coded = name.partition("@")
        pairs[plain] = _decoded(value) if at and coded == "base64" else value
    if len(parts) % 2 or not pairs.get(JOB) or METRIC_NAME in pairs:
        raise BadBody("push.bad_group", path=path)
    return Labels.of(pairs)


def _decoded(value: str) -> str:
    try:
        padded = value + "=" * (-len(value) % 4)
        return base64.urlsafe_b64decode(padded).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadBody("push.bad_group", path=value) from error
