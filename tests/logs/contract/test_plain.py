"""The plain evaluation keeps its own contract: so the suite itself is right."""

import pytest

from jipyo.logs.evaluate import BatchLogSource
from logs.contract.records import build_batches
from logs.contract.suite import LogSourceContract, Subject


@pytest.fixture(scope="module")
def reference():
    return BatchLogSource(build_batches(2000))


@pytest.fixture(scope="module")
def subject(reference):
    return Subject(reference)


class TestPlain(LogSourceContract):
    """See `suite`."""
