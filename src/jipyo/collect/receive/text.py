"""Text exposition sent to us: a page whose samples may have times of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.collect.receive.batch import ReceivedBatch, scrapes
from jipyo.model.errors import UnsupportedMediaType
from jipyo.model.reading import NO_TIME
from jipyo.wire.exposition import Format, Parser, decode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.reading import TargetReading

_PROTOBUF = "application/vnd.google.protobuf"


def read_page(body: bytes, extra: Mapping[str, str], form: Format = Format.TEXT) -> TargetReading:
    """A page, with `extra` labels set over those of its series.

    Raises:
        MalformedBody: it is not UTF-8, or a line is not what the format allows.
    """
    return Parser(lambda labels: labels.put(extra)).read(decode_text(body), form)


def form_of(content_type: str) -> Format:
    """What a page is written in; text where nobody says so.

    Raises:
        UnsupportedMediaType: it is protobuf.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _PROTOBUF:
        known = ", ".join(form.value for form in Format)
        raise UnsupportedMediaType("receive.content_type", type=kind, known=known)
    openmetrics = kind == Format.OPENMETRICS.value.partition(";")[0]
    return Format.OPENMETRICS if openmetrics else Format.TEXT


def read_text(
    body: bytes, extra: Mapping[str, str], now_ms: int, form: Format = Format.TEXT
) -> ReceivedBatch:
    """The samples of a page; those without a time are of `now_ms`.

    Raises:
        MalformedBody: it is not UTF-8, or a line is not what the format allows.
    """
    reading = read_page(body, extra, form)
    said = reading.t_ms
    t_ms = np.full(len(reading.series), now_ms, np.int64)
    if said is not None:
        t_ms = np.where(said == NO_TIME, now_ms, said)
    found = scrapes(reading.series, t_ms, reading.values, {})
    return ReceivedBatch(found, reading.metadata)
