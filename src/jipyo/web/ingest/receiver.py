"""From received batches to the store, within the limits, counted by protocol.

A request is answered with success only when its samples are on disk.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from jipyo.model.family import counter
from jipyo.model.sample import Appended, Reject
from jipyo.web.http.message import PLAIN_TEXT, WebResponse
from jipyo.web.ingest.rate_limit import RateLimiter
from jipyo.wire.compression import decompress
from jipyo.wire.elements import WorkLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jipyo.collect.receive.batch import ReceivedBatch
    from jipyo.model.family import Family
    from jipyo.model.store import Appender
    from jipyo.web.http.message import WebRequest
    from jipyo.web.ingest.options import ReceiverOptions


class ReceivedCounts:
    """What became of all that was received, by protocol; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accepted: Counter[str] = Counter()
        self._rejected: Counter[tuple[str, str]] = Counter()
        self._left_out: Counter[tuple[str, str]] = Counter()

    def add(
        self, protocol: str, appended: Appended, left_out: Mapping[str, int] | None = None
    ) -> None:
        """Count what became of a request's samples."""
        with self._lock:
            self._accepted[protocol] += appended.samples
            for reason, samples in appended.rejected.items():
                self._rejected[protocol, reason.value] += samples
            for kind, number in (left_out or {}).items():
                self._left_out[protocol, kind] += number

    def families(self) -> Iterator[Family]:
        """`jipyo_receive_*`: accepted, rejected and left out, by protocol."""
        with self._lock:
            accepted = [((protocol,), float(n)) for protocol, n in self._accepted.items()]
            rejected = [(key, float(n)) for key, n in self._rejected.items()]
            left_out = [(key, float(n)) for key, n in self._left_out.items()]
        text = "Samples received and stored."
        yield counter("jipyo_receive_samples_total", text, ("protocol",), accepted)
        text = "Received samples that the store rejected."
        names = ("protocol", "reason")
        yield counter("jipyo_receive_rejected_samples_total", text, names, rejected)
        text = "Received data that is not stored, such as native histograms."
        names = ("protocol", "kind")
        yield counter("jipyo_receive_left_out_total", text, names, left_out)


class Receiver:
    """What the protocols share; any thread may call."""

    def __init__(
        self,
        appender: Appender,
        options: ReceiverOptions,
        monotonic_ms: Callable[[], float],
        counts: ReceivedCounts,
    ) -> None:
        self._appender = appender
        self._max_body_bytes = options.max_body_bytes
        self._max_elements = options.max_elements
        self._rate = RateLimiter(options.max_samples_per_s, monotonic_ms)
        self.counts = counts

    def limit_work(self, request: WebRequest) -> WorkLimit:
        """What parsing a request's body may cost; it ends where the sender hangs up."""
        return WorkLimit(self._max_elements, request.cancelled)

    def read_body(self, request: WebRequest, default_encoding: str = "") -> bytes:
        """The decompressed body.

        Raises:
            UnsupportedMediaType: its compression is not one of ours.
            MalformedBody: it is damaged.
            TooLarge: it is larger than allowed.
        """
        encoding = request.headers.get("content-encoding", default_encoding)
        return decompress(request.body, encoding, self._max_body_bytes)

    def limit_rate(self, samples: int) -> None:
        """Account for samples that are about to be stored.

        Raises:
            RateLimitError: more is sent than may be stored.
        """
        self._rate.spend(samples)

    def append(self, protocol: str, batch: ReceivedBatch) -> Appended:
        """Store a batch; what came of it, its invalid series among the rejected samples.

        Raises:
            RateLimitError: more is sent than may be stored.
            StoreError: the samples cannot be stored; they may be sent again.
        """
        self.limit_rate(batch.samples)
        if batch.metadata:
            self._appender.describe(batch.metadata)
        appended = self._appender.append(batch.scrapes)
        if batch.invalid:
            rejected = Counter(appended.rejected)
            rejected[Reject.INVALID_LABELS] += batch.invalid
            appended = Appended(appended.samples, rejected)
        self.counts.add(protocol, appended, batch.left_out)
        return appended


def respond_appended(
    appended: Appended, batch: ReceivedBatch, headers: Mapping[str, str] | None = None
) -> WebResponse:
    """204 where all is stored; else 400, so that the sender logs it and does not send it again.

    Exemplars may be left out in silence; a histogram that is not stored is a partial write.
    """
    histograms = batch.left_out.get("histograms", 0)
    if not appended.rejected and not histograms:
        return WebResponse(b"", 204, PLAIN_TEXT, headers or {})
    left_out = {"histograms": histograms} if histograms else {}
    text = describe_rejections(appended, batch, left_out)
    return WebResponse(text.encode(), 400, PLAIN_TEXT, headers or {})


def describe_rejections(
    appended: Appended, batch: ReceivedBatch, left_out: Mapping[str, int]
) -> str:
    """How many samples are stored, and how many were rejected for which reason."""
    reasons = [f"{count} {reason.value}" for reason, count in appended.rejected.items()]
    reasons += [f"{count} {kind} (not stored)" for kind, count in left_out.items()]
    example = f"; first invalid labels: {batch.example}" if batch.example else ""
    return f"{appended.samples} samples stored, others rejected: {', '.join(reasons)}{example}"
