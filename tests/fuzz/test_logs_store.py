"""The files of a log store, whatever stands in them: what is whole is read, the rest is named."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.logs.record import LogBatch
from jipyo.logs.store.deletion import DeletedRecords, Deletion, DeletionFile
from jipyo.logs.store.frames import encode_frame
from jipyo.logs.store.journal import Journal
from jipyo.logs.store.paths import SegmentName
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.store import LogStore
from jipyo.model.errors import StoreCorrupt, StoreError

NAME = SegmentName(1, 1).file


def make_files() -> dict[str, bytes]:
    """Of a small store."""
    batch = LogBatch(
        "app",
        np.arange(60) * 10**9,
        np.full(60, 3, np.uint8),
        messages=[b"request %d done in %d ms" % (n, n * 7) for n in range(60)],
    )
    with tempfile.TemporaryDirectory() as name:
        with LogStore.open(Path(name)) as store:
            store.append([batch], positions={"file": {"offset": 100}})
        return {file: (Path(name) / file).read_bytes() for file in (NAME, "skeletons")}


FILES = make_files()


def read_segment(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "skeletons").write_bytes(FILES["skeletons"])
        (Path(name) / NAME).write_bytes(data)
        reader = StoreReader(Path(name))
        for block in reader.snapshot().blocks:
            batch, seq = reader.read_block(block)
            assert len(batch) == len(seq) == block.summary.n, "BUG: damage that no checksum found"


def read_skeletons(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "skeletons").write_bytes(data)
        (Path(name) / NAME).write_bytes(FILES[NAME])
        reader = StoreReader(Path(name))
        (block,) = reader.snapshot().blocks
        if len(reader.skeletons.table):
            reader.read_block(block)


def read_journal(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "0000000000000001.journal").write_bytes(data)
        journal = Journal(Path(name))
        before = [(entry.number, entry.payload) for entry in journal.replay()]
        number = journal.append(b"new")
        journal.close()
        after = [(entry.number, entry.payload) for entry in Journal(Path(name)).replay()]
        assert after == [*before, (number, b"new")], "BUG: an entry is lost or doubled"


def make_deletions() -> bytes:
    part = DeletedRecords(service="a", n=1, first_ns=1, last_ns=2, checksum="0" * 32)
    with tempfile.TemporaryDirectory() as name:
        for segment in ("one", "two"):
            line = Deletion(at_ns=1, reason="age", segment=segment, records=(part,))
            DeletionFile(Path(name)).append(line)
        return (Path(name) / "deletions").read_bytes()


def read_deletions(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "deletions").write_bytes(data)
        list(DeletionFile(Path(name)).read())
        DeletionFile(Path(name)).is_whole()


FRAMES = (encode_frame(1, b"one"), encode_frame(2, b""), encode_frame(3, b"x" * 300))
SURFACES = [
    Surface(
        name="logs-segment",
        feed=read_segment,
        seeds=(FILES[NAME],),
        tokens=(b"jipyolog", FILES[NAME][:32], FILES[NAME][-32:]),
        errors=(StoreCorrupt,),
    ),
    Surface(
        name="logs-skeletons",
        feed=read_skeletons,
        seeds=(FILES["skeletons"],),
        tokens=(b"\xf5jip", FILES["skeletons"][:24]),
        errors=(StoreCorrupt,),
    ),
    Surface(
        name="logs-journal",
        feed=read_journal,
        seeds=(b"".join(FRAMES),),
        tokens=(b"\xf5jip", *FRAMES),
        errors=(StoreError,),
    ),
    Surface(
        name="logs-deletions",
        feed=read_deletions,
        seeds=(make_deletions(),),
        tokens=(b'"records":[]', b'"checksum":"', b"\n", b"{}"),
        errors=(StoreError,),
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_hostile_bytes(surface: Surface) -> None:
    assert_short_form(surface)
