"""The contract, kept by the embedded store: several segments, and records of several flushes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.record import decode_text
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.skeleton import split_message
from jipyo.logs.store.store import LogStore
from logs.contract.records import build_batches
from logs.contract.suite import LogSourceContract, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.record import LogBatch


class EachSkeleton:
    """Every skeleton is a template."""

    def find_templates(self, skeletons: Sequence[bytes]) -> list[tuple[str, str]]:
        return [(decode_text(text), decode_text(text)) for text in skeletons]


def list_skeletons(batch: LogBatch) -> list[tuple[str, str]]:
    assert batch.messages is not None
    return EachSkeleton().find_templates([split_message(each)[0] for each in batch.messages])


BATCHES = build_batches(3000)


@pytest.fixture(scope="module")
def reference():
    return BatchLogSource(BATCHES, list_skeletons)


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    with LogStore.open(folder) as store:
        for batch in BATCHES:
            store.append([batch])
            store.flush()
    return Subject(EmbeddedLogs(StoreReader(folder), EachSkeleton()))


class TestEmbedded(LogSourceContract):
    """See `suite`."""
