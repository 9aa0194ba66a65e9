"""The contract, kept by the embedded store: several segments, and records of several flushes."""

from __future__ import annotations

import pytest

from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.store import LogStore
from logs.contract.records import build_batches
from logs.contract.skeletons import EachSkeleton, list_skeletons
from logs.contract.suite import LogSourceContract, Subject

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
