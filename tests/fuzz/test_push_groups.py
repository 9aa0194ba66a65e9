"""Push groups: the path that names one, and the file that keeps one."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.web.ingest.push_groups import parse_group

WORDS = (
    b"job/", b"job@base64/", b"/instance/", b"x@base64/", b"=", b"YQ", b"YQ==", b"-_", b"+/", b"//",
    b"/", b"..", b"%2F", "é".encode(), b"__x__/", b"9a/", b"\x00",
)  # fmt: skip
FILE_WORDS = (
    b'"group":', b'"values":', b'"metadata":', b'[["job","x"]]', b'[[["__name__","a"]],"0x1p0"]',
    b'"0x1p99999"', b'"nan"', b"null", b"[]", b"{}", b'["a","gauge","",""]', b'"\\ud800"', b"5",
)  # fmt: skip


def start_with_file(body: bytes) -> None:
    """Whatever a file holds, the start goes on, and the group can be pushed."""
    logging.disable()  # every damaged file is logged
    try:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder)
            (data / "pushed").mkdir()
            (data / "pushed" / "0123.json").write_bytes(body)
            (data / "pushed.json").write_bytes(body)
            groups = PushGroups(data / "pushed")
            groups.read(0)
            groups.push(parse_group("job/x"), b"a 1\n", 0, replace_all=False)
            assert PushGroups(data / "pushed").read(0) is not None, "BUG: the group is gone"
    finally:
        logging.disable(logging.NOTSET)


SURFACES = [
    Surface(
        name="push-path",
        feed=lambda body: parse_group(body.decode("utf-8", "replace")),
        seeds=(b"job/a", b"job@base64/YQ==/x/b/", "job@base64/é".encode(), b"job/a/b@base64/="),
        tokens=WORDS,
    ),
    Surface(name="push-group", feed=start_with_file, tokens=FILE_WORDS, errors=(), cases=80),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_group_is_read_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
