"""The skeletons of a store on disk: there before any segment that uses their ids."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

import cramjam

from jipyo.files import sync
from jipyo.logs.store.block import encode_block
from jipyo.logs.store.frames import encode_frame, scan_frames, write_all
from jipyo.logs.store.paths import make_corrupt_error, make_read_error, make_write_error
from jipyo.logs.store.skeleton import SkeletonTable

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.logs.record import LogBatch
    from jipyo.logs.store.block import EncodedBlock

FILE: Final = "skeletons"


class SkeletonFile:
    """A table and its file, in which each frame stands twice, so that one can be damaged."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read before `refresh`."""
        self.table = SkeletonTable()
        self._path = folder / FILE
        self._at = 0
        """Behind the last whole frame that was read or written."""
        self._saved = 0
        """How many skeletons the file has up to there."""
        self._lock = threading.Lock()
        self._encode_lock = threading.Lock()

    def encode(self, batch: LogBatch) -> EncodedBlock:
        """Encode a block; `save` what it added to the table before the block is used.

        A flush and a merge may do it at once, of which one waits: ids are given one by one.
        """
        with self._encode_lock:
            return encode_block(batch, self.table)

    def refresh(self) -> None:
        """Read what was added since the last time.

        Raises:
            StoreCorrupt: both frames of some skeletons are damaged.
            StoreError: the file cannot be read.
        """
        with self._lock:
            data, end = self._read_rest(), 0
            for frame in scan_frames(data):
                if frame.number > self._saved:
                    raise make_corrupt_error(self._path, f"id {self._saved} is missing")
                end = frame.end
                if frame.number == self._saved:
                    texts = bytes(cramjam.zstd.decompress(frame.payload)).split(b"\0")[:-1]
                    self._saved += len(texts)
                    self.table.extend(texts[max(len(self.table) - frame.number, 0) :])
            self._at += end

    def save(self) -> None:
        """Write what the table has more than the file, and wait until it is on disk.

        Only the process that writes the store may do it.

        Raises:
            StoreFull: it cannot be written.
        """
        with self._lock:
            texts = self.table.texts_from(self._saved)
            if not texts:
                return
            payload = bytes(cramjam.zstd.compress(b"\0".join([*texts, b""]), 3))
            frame = encode_frame(self._saved, payload)
            try:
                self._append(frame + frame)
            except OSError as error:
                raise make_write_error(self._path, error) from error
            self._saved += len(texts)
            self._at += 2 * len(frame)

    def _append(self, data: bytes) -> None:
        """Behind the last whole frame; what a process left that died while it wrote is cut off."""
        is_new = not self._path.exists()
        with self._path.open("ab", buffering=0) as file:
            os.ftruncate(file.fileno(), self._at)
            write_all(file, data)
            os.fdatasync(file.fileno())
        if is_new:
            sync(self._path.parent)

    def _read_rest(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                return file.read()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise make_read_error(self._path, error) from error
