"""Labels that targets send, on their way into messages; and addresses of channels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.alerts.notify.channels.address import ChannelAddress, read_address
from jipyo.alerts.notify.channels.mail import build_mail, read_route
from jipyo.alerts.notify.compose import compose
from jipyo.alerts.notify.stored_notification import decode_notification, encode_notification
from jipyo.alerts.options import ChannelOptions
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import NotifyError
from jipyo.model.labels import Labels
from jipyo.model.secret import Secret
from support.notifications import HOT, SITE, notification, resolved

if TYPE_CHECKING:
    from random import Random

ROUTE = read_route(ChannelAddress("smtp://mail/?from=jipyo@example.com&to=ops@example.com"))
HTML = (
    "<script>", "</td>", "<!--", "]]>", '"', "'", "&#39;", "&lt;", "javascript:x", "cid:chart",
    "\r\nBcc: x@y.z", "\n\n", "\x00", "\u202e", "\ud800", "`", "$preview", "{n}", "한글",
    "가" * 300,
)  # fmt: skip
ADDRESSES = (
    "smtp://", "smtps://", "https://", "slack://", "user:p@ss@", "host", ":587", ":x", "/?",
    "from=", "to=", "a@b.c", ",", "&", "%0A", "%40", "[::1]", "[", "#", "env:", "tls=no",
    '"K" <k@b.c>',
)  # fmt: skip


def write_messages(body: bytes) -> None:
    """All messages of an alert whose every text is of the bytes."""
    text = body.decode("utf-8", "surrogateescape")  # a label need not be proper text
    both = Bilingual(text, text[::-1])
    alert = replace(
        HOT, name=both, labels=Labels.of({"instance": text, "path": text * 2}), runbook=text
    )
    facts = notification(target=text, alerts=(alert, alert), first_look=both, origin=both)
    facts = decode_notification(encode_notification(facts))
    for lang in ("en", "ko"):
        for batch in ([facts], [resolved(alerts=(alert,))], [facts, facts]):
            message = compose("k", batch, texts(lang), SITE, lambda _: None, facts.t_ms)
            assert len(message.subject.splitlines()) == 1, "BUG: a subject of several lines"
            assert len(message.html) < 40_000, "BUG: a long page"
            assert message.html.count("<script") == 0, "BUG: a script"
            mail = build_mail(message, ROUTE, SITE.zone)
            head = mail.as_bytes().partition(b"\r\n\r\n")[0]
            assert b"\nBcc:" not in head, "BUG: a header of others"


def read_addresses(body: bytes) -> None:
    """An address as a file or the environment may have it."""
    options = ChannelOptions(name="x", url=Secret(body.decode("utf-8", "replace")))
    address = read_address(options)
    address.redact(address.shown)
    read_route(address)


def build_text(random: Random) -> bytes:
    return "".join(random.choices(HTML, k=8)).encode("utf-8", "replace")


def build_address(random: Random) -> bytes:
    return "".join(random.choices(ADDRESSES, k=9)).encode()


SURFACES = [
    Surface(
        name="message",
        feed=write_messages,
        tokens=tuple(word.encode("utf-8", "replace") for word in HTML),
        generate=build_text,
        cases=100,  # each writes six messages
        base_s=0.5,
    ),
    Surface(
        name="channel_address",
        feed=read_addresses,
        tokens=tuple(word.encode() for word in ADDRESSES),
        generate=build_address,
        errors=(NotifyError,),
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_whatever_the_text_it_is_a_message_or_an_error_in_words(surface: Surface) -> None:
    assert_short_form(surface)
