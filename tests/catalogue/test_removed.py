"""What is no longer there on purpose."""

from __future__ import annotations

import pytest

from jipyo.catalogue.removed import is_removed
from jipyo.model.labels import Labels


@pytest.mark.parametrize(
    ("labels", "removed", "expected"),
    [
        ({"job": "a", "instance": "x"}, {"job": "a", "instance": "x"}, True),
        ({"job": "b", "instance": "x"}, {"job": "a", "instance": "x"}, False),
        ({"instance": "x", "gpu": "0"}, {"job": "a", "instance": "x"}, True),
        ({"job": "a"}, {"job": "a", "instance": "x"}, False),
        ({"job": "a", "instance": "x"}, {"job": "a"}, True),
        ({"instance": "x"}, {"job": "a"}, False),
        ({"instance": "x", "gpu": "0"}, {"gpu": "0"}, True),
        ({"instance": "x"}, {"gpu": "0"}, False),
    ],
)
def test_what_was_removed_is_known_by_its_labels(
    labels: dict[str, str], removed: dict[str, str], expected: bool
) -> None:
    assert is_removed(Labels.of(labels), [removed]) is expected
