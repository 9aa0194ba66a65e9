"""The templates of a store: one file, learnt by one process, the same for all that read."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from jipyo.files import atomic_write
from jipyo.logs.evaluate import list_texts
from jipyo.logs.store.paths import make_read_error, make_write_error
from jipyo.logs.store.skeleton import split_message
from jipyo.logs.templates.miner import TemplateMiner
from jipyo.model.errors import StoreCorrupt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.logs.record import LogBatch
    from jipyo.logs.store.skeleton import SkeletonTable

_LOG = logging.getLogger(__name__)
FILE = "templates"
"""Its name in the folder of the store."""
DAMAGED = "templates.damaged"
"""What a file is renamed to whose bytes are not what was written."""


class StoredTemplates:
    """Answers with what the file says; anew whenever another process has replaced it.

    Skeletons that the file does not know are placed as the one who learns will place them, so
    that ids are the same before and after. Any thread may ask.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is read before the first question."""
        self._path = folder / FILE
        self._miner = TemplateMiner()
        self._stamp: tuple[int, int, int] | None = None
        self._lock = threading.Lock()

    def find_templates(self, skeletons: Sequence[bytes]) -> Sequence[tuple[str, str]]:
        """See `TemplateMap.find_templates`.

        Raises:
            StoreError: the file cannot be read.
        """
        return self._read().find_templates(skeletons)

    def list_templates(self, batch: LogBatch) -> Sequence[tuple[str, str]]:
        """Of every record of a batch the id and text of its template: for other sources."""
        messages = list_texts(batch, "message")
        return self.find_templates([split_message(text or b"")[0] for text in messages])

    def resolve(self, template_id: str) -> str:
        """The id under which an id's records are counted now."""
        return self._read().resolve(template_id)

    def learn_once(self, table: SkeletonTable) -> None:
        """Where there is no file, learn all skeletons; what is learnt is not kept."""
        if self._read_stamp() is None:
            learn(self._miner, table.texts_from(0))

    def _read(self) -> TemplateMiner:
        stamp = self._read_stamp()
        if stamp != self._stamp and stamp is not None:
            with self._lock:
                if stamp != self._stamp:
                    self._miner = load_templates(self._path)
                    self._stamp = stamp
        return self._miner

    def _read_stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size


class TemplateLearner:
    """Learns the skeletons of a store as they come, and keeps the file; one for each store."""

    def __init__(self, folder: Path) -> None:
        """Go on with the file, if there is one that can be read."""
        self._path = folder / FILE
        self._learnt = 0
        """Skeletons of the table that have a template."""
        self._miner = TemplateMiner()
        if self._path.exists():
            try:
                self._miner = load_templates(self._path)
            except StoreCorrupt as error:
                _LOG.error("%s, and are learnt anew: %s", self._path, error)
                self._path.replace(self._path.with_name(DAMAGED))

    def __call__(self, table: SkeletonTable) -> bool:
        """Learn what the table has more than before; whether the file was written.

        Raises:
            StoreError: the file cannot be written; it is tried again next time.
        """
        end = len(table)
        if end == self._learnt:
            return False
        learn(self._miner, table.texts_from(self._learnt))
        try:
            with atomic_write(self._path) as file:
                file.write(self._miner.dump())
        except OSError as error:
            raise make_write_error(self._path, error) from error
        self._learnt = end
        return True


def learn(miner: TemplateMiner, skeletons: Sequence[bytes]) -> None:
    """Place skeletons; lay all side by side the first time, and where many templates are new."""
    is_first = not len(miner)
    miner.assign(skeletons)
    if is_first or miner.should_train():
        miner.train()


def load_templates(path: Path) -> TemplateMiner:
    """The templates of a file.

    Raises:
        StoreCorrupt: they are damaged.
        StoreError: the file cannot be read.
    """
    try:
        return TemplateMiner.load(path.read_bytes())
    except OSError as error:
        raise make_read_error(path, error) from error
