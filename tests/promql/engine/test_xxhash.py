"""XXH64 beside the vectors of its specification."""

import pytest

from jipyo.promql.engine.aggregations.xxhash import hash64


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_hashes_are_those_of_xxhash(data: bytes, value: int) -> None:
    assert hash64(data) == value
