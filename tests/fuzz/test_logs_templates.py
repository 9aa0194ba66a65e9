"""Messages that others wrote, of which templates are made, and stored templates."""

from __future__ import annotations

import numpy as np
import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.logs.activity.template_values import read_template_values
from jipyo.logs.record import LogBatch
from jipyo.logs.store.skeleton import split_message
from jipyo.logs.templates.miner import OTHER, TemplateMiner

LINES = (
    b"user \x11 moved <kim@example.kr> to /var/lib/a in \x11 ms",
    "주문 12을 서버 web-1에서 처리했습니다 (소요 3초)".encode(),
    b'a="b" {c} [d] (null) true http://x/y?z=1, 0a:bf:11:ef',
    b"Traceback (most recent call last):\n  File\nValueError: no",
    b"Jul  3 12:00:01 error - \xff\xfe \x12 \x00 <a> 'b' \"c",
)
TOKENS = (b"\x11", b"\x12", b" - ", b"\xec\x9d\x84", b"/a/b", b'="', b"{}", b"<", b"0a:", b"...")


def mine(body: bytes) -> None:
    skeletons = [split_message(line)[0] for line in body.split(b"\n\n")[:50]]
    miner = TemplateMiner()
    miner.assign(skeletons)
    miner.train()
    ids = miner.assign(skeletons)
    assert all(one == OTHER or miner.template(one) is not None for one in ids), "BUG: no template"
    assert all("\x11" not in one.text for one in miner.templates()), "BUG: a mark is shown"


def read_values(body: bytes) -> None:
    """Any message with the template that is made of another one."""
    first, _, second = body.partition(b"\n\n")
    miner = TemplateMiner()
    miner.assign([split_message(first)[0]])
    text = next((one.text for one in miner.templates()), "<*>")
    batch = LogBatch("a", np.arange(2), np.zeros(2, np.uint8), messages=[first, second])
    found = read_template_values(text, [batch])
    assert found.records == 2, "BUG: a message is lost"
    assert all(len(one.values) + one.texts <= 2 for one in found.places), "BUG: read twice"


def load(body: bytes) -> None:
    TemplateMiner.load(body).train()


def dump() -> bytes:
    miner = TemplateMiner()
    miner.assign(LINES)
    return miner.dump()


SURFACES = [
    Surface(
        name="logs-templates",
        feed=mine,
        seeds=(*LINES, b"\n\n".join(LINES), *(line * 300 for line in LINES)),
        tokens=TOKENS,
        s_per_byte=2e-5,
    ),
    Surface(
        name="logs-template-values",
        feed=read_values,
        seeds=(*LINES, b"a 5ms <b>\n\na 6 s <b>", *(b"\n\n".join((line, line)) for line in LINES)),
        tokens=(*TOKENS, b"\n\n", b"5ms", b"1,024.5", b"1e9", b"<*>"),
        s_per_byte=2e-5,
    ),
    Surface(name="logs-stored-templates", feed=load, seeds=(dump(),)),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_any_bytes_have_templates_or_the_error_that_is_promised(surface):
    assert_short_form(surface)
