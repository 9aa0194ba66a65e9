"""What ingest needs of the parser of lines, and of the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from jipyo.logs.coded import repeat_text
from jipyo.logs.record import LogBatch, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jipyo.logs.ingest.decode.received import ReceivedRecord
    from jipyo.model.family import Family


@dataclass(frozen=True, slots=True)
class LineOrigin:
    """Where lines come from, as far as the lines themselves do not say."""

    service: str
    fields: tuple[tuple[str, str], ...] = ()
    """Further fields of each record (`log.file.path`, `kubernetes.pod.name`)."""
    zone: str = ""
    """Of times that lines write without one; empty for that of the site."""
    log_format: str = ""
    """Of a web server that writes its access lines in a way of its own."""


class LineStream(Protocol):
    """Lines of one origin, in order; remembers their format, not their bytes."""

    def feed(
        self, data: bytes, now_ns: int, *, is_last: bool = False
    ) -> tuple[Sequence[LogBatch], int]:
        """The records at the front of the bytes, and how many bytes they are.

        The bytes behind them, which may still belong together with what comes, are fed again.
        With `is_last` nothing comes: all bytes are used.
        """
        ...


class LineParsing(Protocol):
    """Opens streams of lines, and counts what they all found."""

    def open(self, origin: LineOrigin) -> LineStream:
        """A stream of lines that have not been seen."""
        ...

    def refine(self, records: Sequence[ReceivedRecord], now_ns: int) -> Sequence[LogBatch]:
        """Received records as batches, those whose message is a line of a known format parsed."""
        ...

    def families(self) -> Iterable[Family]:
        """The parser's own metrics."""
        ...


class RecordStore(Protocol):
    """Takes records; any thread may call."""

    @property
    def positions(self) -> Mapping[str, Mapping[str, Any]]:
        """By source: how far its records are in the store."""
        ...

    def append(
        self,
        batches: Sequence[LogBatch],
        *,
        positions: Mapping[str, Mapping[str, Any]] | None = None,
        entries: Iterable[int] = (),
    ) -> None:
        """Take records with the positions of their sources, or journal entries, behind them.

        Raises:
            StoreError: they were not taken.
        """
        ...

    def journalize(self, payload: bytes) -> int:
        """Keep what was received, on disk when this returns; hand its number to `append`.

        Raises:
            StoreError: it is not kept.
        """
        ...


def add_fields(batch: LogBatch, fields: Iterable[tuple[str, str]]) -> LogBatch:
    """The batch with a field that is the same in every record; its own fields stay."""
    more = {
        name: TextColumn(repeat_text(value.encode("utf-8", "surrogateescape"), len(batch)))
        for name, value in fields
        if name not in batch.fields
    }
    return replace(batch, fields={**batch.fields, **more}) if more else batch
