"""Mail by SMTP: text, HTML and the chart inside it, which Apprise cannot put together."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from jipyo.model.calendar import local_time
from jipyo.model.errors import MessageRejected, NetError, NotifyError
from jipyo.net.tls import TlsOptions, build_ssl_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.alerts.notify.channels.address import ChannelAddress
    from jipyo.alerts.notify.message import Message

_LOG = logging.getLogger(__name__)
_PORTS = {"smtp": 25, "smtps": 465}
_LOGIN_REFUSED = frozenset({530, 534, 535})
_MESSAGE_REFUSED = frozenset({552, 554})
"""Replies to the message itself: too large, or refused for its content (RFC 5321, 4.2.3)."""
CHART_ID = "chart"


@dataclass(frozen=True, slots=True)
class MailRoute:
    """What the address of a mail channel names: `smtp://user:password@host:587?from=…&to=…`."""

    host: str
    port: int
    is_tls: bool
    """TLS from the first byte; else STARTTLS is used where the server has it."""
    user: str
    password: str
    sender: MailAddress
    recipients: tuple[MailAddress, ...]
    requires_tls: bool
    """Whether nothing is sent in the clear: always with a password, unless `tls=no`."""


class MailChannel:
    """Sends each message over a connection of its own."""

    def __init__(
        self,
        name: str,
        address: Callable[[], ChannelAddress],
        *,
        zone: ZoneInfo,
        timeout_s: float,
        ca_file: Path | None,
    ) -> None:
        """`address` is read at every message; the timeout is of each step of the exchange."""
        self.name = name
        self._address, self._zone = address, zone
        self._timeout_s, self._ca_file = timeout_s, ca_file

    def send(self, message: Message) -> None:
        """See `Channel.send`; it is delivered once the server has taken it for one recipient."""
        address = self._address()
        route = read_route(address)
        mail = build_mail(message, route, self._zone)
        with _converting_errors(address, route), self._connect(route) as server:
            refused = server.send_message(mail)
        if refused:  # the others got it, so it is not sent again
            _LOG.warning("channel %s: refused for %s", self.name, ", ".join(refused))

    @contextlib.contextmanager
    def _connect(self, route: MailRoute) -> Iterator[smtplib.SMTP]:
        context = build_ssl_context(TlsOptions(ca_file=self._ca_file))
        server = (
            smtplib.SMTP_SSL(route.host, route.port, timeout=self._timeout_s, context=context)
            if route.is_tls
            else smtplib.SMTP(route.host, route.port, timeout=self._timeout_s)
        )
        with server:
            server.ehlo()
            if not route.is_tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif not route.is_tls and route.requires_tls:
                raise NotifyError(
                    "notify.mail.no_tls", hint="notify.mail.no_tls.hint", host=route.host
                )
            if route.user:
                server.login(route.user, route.password)
            yield server


def read_route(address: ChannelAddress) -> MailRoute:
    """The parts of a mail channel's address.

    Raises:
        NotifyError: it is no `smtp:` or `smtps:` address, or names no sender or recipients.
    """
    parts = urlsplit(address.url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    try:
        port = parts.port or _PORTS[parts.scheme]
        senders = tuple(_read_people(query.get("from", "")))
        recipients = tuple(_read_people(query.get("to", "")))
    except (KeyError, ValueError) as error:
        raise _bad_route() from error
    if not (parts.hostname and len(senders) == 1 and recipients):
        raise _bad_route()
    password = unquote(parts.password or "")
    return MailRoute(
        host=parts.hostname,
        port=port,
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=password,
        sender=senders[0],
        recipients=recipients,
        requires_tls=bool(password) and query.get("tls") != "no",
    )


def build_mail(message: Message, route: MailRoute, zone: ZoneInfo) -> EmailMessage:
    """A message as mail; the same message has the same id, so that a second one can be dropped."""
    mail = EmailMessage(policy=SMTP)
    domain = route.sender.domain
    mail["From"] = MailAddress(
        route.sender.display_name or "jipyo", addr_spec=route.sender.addr_spec
    )
    mail["To"] = route.recipients
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = format_datetime(local_time(message.t_ms, zone))
    mail["Message-ID"] = _build_id(message.key, domain)
    if message.incident is not None:  # so that readers see all of an incident together
        mail["References"] = _build_id(f"incident {message.incident}", domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    if message.chart:
        page: Any = list(mail.iter_parts())[1]
        page.add_related(message.chart, "image", "png", cid=f"<{CHART_ID}>", disposition="inline")
    for one in message.attachments:
        main, _, rest = one.media_type.partition(";")[0].partition("/")
        mail.add_attachment(one.content, main, rest, filename=one.name)
    return mail


def _build_id(text: str, domain: str) -> str:
    return f"<{hashlib.sha256(text.encode()).hexdigest()[:32]}@{domain}>"


def _read_people(text: str) -> Iterator[MailAddress]:
    """The addresses in a list; raises a ValueError where one is none."""
    for name, address in getaddresses([text]):
        _, at, domain = address.rpartition("@")
        if not (at and domain and address.isascii() and text.isprintable()):
            raise ValueError
        yield MailAddress(name, addr_spec=address)


def _bad_route() -> NotifyError:
    return NotifyError("notify.mail.bad_address", hint="notify.mail.bad_address.hint")


@contextlib.contextmanager
def _converting_errors(address: ChannelAddress, route: MailRoute) -> Iterator[None]:
    """Turn what SMTP raises into errors for the reader, without the password."""
    place = f"{route.host}:{route.port}"
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        replies = "; ".join(_show_reply(reply) for reply in error.recipients.values())
        raise NotifyError(
            "notify.mail.refused",
            hint="notify.mail.recipients.hint",
            host=place,
            reply=address.redact(replies),
        ) from None
    except smtplib.SMTPResponseException as error:
        raise _build_reply_error(error, address, place) from None
    except NetError as error:
        raise error.as_kind(NotifyError) from error
    except (OSError, ssl.SSLError, smtplib.SMTPException, ValueError) as error:
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            raise NotifyError(
                "notify.mail.timeout", hint="notify.unreachable.hint", host=place
            ) from None
        reason = address.redact(getattr(error, "strerror", None) or str(error))
        raise NotifyError(
            "notify.mail.unreachable", hint="notify.unreachable.hint", host=place, reason=reason
        ) from None


def _build_reply_error(
    error: smtplib.SMTPResponseException, address: ChannelAddress, place: str
) -> NotifyError:
    code = error.smtp_code
    is_refused = isinstance(error, smtplib.SMTPDataError) and code in _MESSAGE_REFUSED
    kind = MessageRejected if is_refused else NotifyError
    name = "login" if code in _LOGIN_REFUSED else "refused" if is_refused else "server"
    reply = address.redact(_show_reply((code, error.smtp_error)))
    return kind("notify.mail.refused", hint=f"notify.hint.{name}", host=place, reply=reply)


def _show_reply(reply: tuple[int, bytes | str]) -> str:
    code, text = reply
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())[:200]}"
