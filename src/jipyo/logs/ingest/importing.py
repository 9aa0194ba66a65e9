"""Files and standard input once, into a store that no other process writes: `jipyo logs import`.

How far a file was read is stored together with its records, so that an import that was broken
off goes on where it was, and one that is repeated adds only what is new.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jipyo.logs.ingest.parsing import FormatStream
from jipyo.logs.ingest.sources.content import open_content
from jipyo.logs.ingest.sources.files import POSITIONS, make_file_error
from jipyo.logs.ingest.sources.position import FilePosition, Trail
from jipyo.logs.ingest.sources.recognition import recognise
from jipyo.logs.ingest.sources.stdin import StdinSource
from jipyo.logs.ingest.sources.tailed_file import TailedFile
from jipyo.model.errors import CollectError, MalformedBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from jipyo.logs.ingest.lines import LineOrigin
    from jipyo.logs.ingest.parsing import FormatParsing
    from jipyo.logs.ingest.process.ingest import IngestStore
    from jipyo.logs.ingest.sources.content import Content
    from jipyo.logs.record import LogBatch
    from jipyo.model.progress import Progress

IMPORTS = "imports"
"""The name under which the positions of imported files are in the store."""
_CHUNK_BYTES = 1 << 20
_MOST_REMEMBERED = 10_000
_WAIT_S = 0.05
_FLUSH_NS = 10**9
_IS_A_FOLDER = 21


@dataclass(slots=True)
class ImportCounts:
    """What became of the lines of one import; they add up (see `continued`)."""

    records: int = 0
    bytes: int = 0
    skipped_bytes: int = 0
    """That an earlier import had read."""
    lines: int = 0
    blank: int = 0
    pieces: int = 0
    """Records more than lines, where a line was longer than allowed."""
    recoded: int = 0
    damaged: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    redacted: Counter[str] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)
    first_ns: int | None = None
    last_ns: int | None = None

    @property
    def continued(self) -> int:
        """Lines that belong to the record before them: lines - blank - records + pieces."""
        return self.lines - self.blank - self.records + self.pieces

    def add(self, batches: Iterable[LogBatch]) -> None:
        """Count records that were stored."""
        for batch in batches:
            if not len(batch):
                continue
            self.records += len(batch)
            self.services[batch.service] += len(batch)
            first, last = int(batch.t_ns.min()), int(batch.t_ns.max())
            self.first_ns = first if self.first_ns is None else min(self.first_ns, first)
            self.last_ns = last if self.last_ns is None else max(self.last_ns, last)

    def add_parsed(self, stream: FormatStream) -> None:
        """Take over what the parser counted."""
        counts = stream.parser.counts
        self.lines, self.blank = counts.lines, counts.blank
        self.recoded, self.damaged = counts.recoded, counts.damaged
        self.formats, self.redacted = Counter(counts.formats), Counter(counts.redacted)
        self.pieces = counts.split


@dataclass(frozen=True, slots=True)
class Import:
    """Where lines go, how they are read, and what is said meanwhile."""

    store: IngestStore
    """Is flushed at the end."""
    parsing: FormatParsing
    origin: LineOrigin
    """Whose lines they are."""
    now_ns: Callable[[], int]
    """When they arrive."""
    progress: Progress
    """Gets the bytes that were read, and how many there are, if that is known."""


def import_file(job: Import, path: Path) -> ImportCounts:
    """Store what a file, plain or compressed by gzip, has and no earlier import had.

    Raises:
        CollectError: the file cannot be read, or `jipyo up` reads it.
        StoreError: the store takes nothing; what it has taken is not imported again.
    """
    try:
        content = open_content(path)
        if content is None:
            raise IsADirectoryError(_IS_A_FOLDER, "Not a regular file")
        with closing(content):
            return _import_content(job, path, content)
    except (OSError, MalformedBody) as error:
        raise make_file_error(path, error) from error


def _import_content(job: Import, path: Path, content: Content) -> ImportCounts:
    store, stream = job.store, job.parsing.open(job.origin)
    if recognise(path, content, _read_positions(store, POSITIONS)) is not None:
        raise CollectError("logs_ingest.followed", hint="logs_ingest.followed.hint", path=str(path))
    remembered = _read_positions(store, IMPORTS)
    service = job.origin.service
    own = {key: each for key, each in remembered.items() if _find_service(key) == service}
    key, trail = recognise(path, content, own) or (_make_key(remembered, service), Trail())
    file = TailedFile(key, (path, path.resolve()), job.origin, content, trail, stream)
    counts = ImportCounts(skipped_bytes=trail.offset)
    size = 1
    while size:
        now_ns = job.now_ns()
        batches, size = file.read(_CHUNK_BYTES, now_ns)
        if not size:
            batches = file.flush(now_ns, is_last=True)
        counts.bytes += size
        if batches or size:
            remembered[key] = file.build_position()
            store.append(batches, positions={IMPORTS: _write_positions(remembered)})
            counts.add(batches)
        job.progress(counts.skipped_bytes + counts.bytes, content.size())
    store.flush()
    counts.add_parsed(stream)
    return counts


def import_stdin(job: Import, handle: int = 0) -> ImportCounts:
    """Store what is written into a pipe until its end.

    Raises:
        StoreError: the store takes nothing.
    """
    source = StdinSource(job.origin, job.parsing, handle)
    counts = ImportCounts()
    flushed_ns = job.now_ns()
    while not source.is_at_end:
        found = source.read(job.now_ns())
        if found is not None:
            job.store.append(found.batches)
            counts.add(found.batches)
            counts.bytes += found.size_bytes
            job.progress(counts.bytes, None)
        else:
            time.sleep(_WAIT_S)
        if job.now_ns() - flushed_ns > _FLUSH_NS:
            job.store.flush()
            flushed_ns = job.now_ns()
    job.store.flush()
    assert isinstance(source.stream, FormatStream), "BUG: a stream of another parser"
    counts.add_parsed(source.stream)
    return counts


def _read_positions(store: IngestStore, name: str) -> dict[str, FilePosition]:
    stored: Mapping[str, Any] = store.positions.get(name, {})
    return {key: FilePosition.from_json(each) for key, each in stored.items()}


def _write_positions(remembered: dict[str, FilePosition]) -> dict[str, Any]:
    """The youngest of them."""
    while len(remembered) > _MOST_REMEMBERED:
        del remembered[min(remembered, key=lambda key: remembered[key].seen_ns)]
    return {key: position.to_json() for key, position in remembered.items()}


def _make_key(remembered: Mapping[str, object], service: str) -> str:
    """A key that no import has; the same bytes may be imported for another service."""
    numbers = [int(key.partition(":")[0]) for key in remembered]
    return f"{max(numbers, default=0) + 1}:{service}"


def _find_service(key: str) -> str:
    return key.partition(":")[2]
