"""Every form of a column gives its texts back, some of them too, and is searched as they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store import values
from jipyo.logs.store.blobs import BlobReader, BlobWriter
from jipyo.logs.store.literal import Literal, Place
from jipyo.logs.store.values import StoredValues, TokenGatherer, open_values, write_texts

HEX = "0123456789abcdef"
KINDS = {
    "c": st.just(["same 7"] * 5),
    "d": st.lists(st.sampled_from(["worker-1", "worker-17", "Ab 7"]), min_size=40, max_size=60),
    "i": st.lists(st.integers(0, 9999).map("{:d}".format), min_size=1, max_size=40),
    "i, decimals": st.lists(
        st.integers(0, 9999).map(lambda n: f"{n // 100}.{n % 100:02}"), min_size=1, max_size=40
    ),
    "f, digits": st.lists(
        st.integers(0, 999).map(lambda n: f"u7{n // 10:02}-{n % 10}7x"), min_size=1, max_size=40
    ),
    "f, hex": st.lists(
        st.text(HEX, min_size=9, max_size=9).map("id:{}".format), min_size=1, max_size=40
    ),
    "f, only hex": st.lists(st.text(HEX, min_size=11, max_size=11), min_size=1, max_size=40),
    "f, NUL": st.lists(
        st.tuples(st.integers(0, 99), st.sampled_from(("\0", "\0x"))), min_size=1, max_size=40
    ).map(lambda rows: [f"\0{number:02}{rows[0][1]}" for number, _ in rows]),
    "p": st.lists(st.text("ab7 \n", max_size=5), min_size=1, max_size=40),
    "p, any bytes": st.lists(st.text("a\n\0", max_size=4), min_size=1, max_size=40),
}


def store(texts: list[bytes]) -> StoredValues:
    blobs = BlobWriter()
    meta = write_texts(texts, blobs, TokenGatherer())
    content = b"".join(blobs.blobs)
    lengths = [len(blob) for blob in blobs.blobs]
    reader = BlobReader(lengths, lambda at, n: content[at : at + n])
    return open_values(meta, len(texts), reader)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), place=st.sampled_from(Place), folded=st.booleans())
def test_a_column_is_read_and_searched_as_its_texts(kind, data, place, folded) -> None:
    texts = [text.encode() for text in data.draw(KINDS[kind])]
    source = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(source)))
    sought = source[start : data.draw(st.integers(start, len(source)))]
    sought += data.draw(st.sampled_from((b"", b"", b"7", b"x")))
    literal = Literal(sought.lower() if folded else sought, place, folded)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "_HEX_ROWS", 4)
        stored = store(texts)
        found = np.broadcast_to(stored.find(literal), len(texts)).tolist()
        assert found == [literal.holds(text) for text in texts]
        assert stored.texts() == texts
        rows = sorted(data.draw(st.sets(st.integers(0, len(texts) - 1))))
        assert stored.texts(np.array(rows, np.int64)) == [texts[row] for row in rows]
        distinct, codes = stored.group()
        assert [distinct[code] for code in codes.tolist()] == texts
    assert stored.longest_text >= max(map(len, texts))
