"""Services that Apprise knows: Slack, Teams, Telegram, Discord and some hundred others."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from jipyo.alerts.notify.message import MessageKind
from jipyo.analysis.thresholds import Severity
from jipyo.model.errors import MessageRejected, NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.alerts.notify.channels.address import ChannelAddress
    from jipyo.alerts.notify.message import Message

_STATUS = re.compile(r"error=(\d{3})\b")
"""As the services of Apprise write the status of an answer."""
_REFUSED = frozenset({"400", "413", "422"})
_LOGIN_REFUSED = frozenset({"401", "403", "404"})


class AppriseChannel:
    """Sends text to one service, with the chart where the service takes files."""

    def __init__(
        self, name: str, address: Callable[[], ChannelAddress], timeout_s: float, *, charts: bool
    ) -> None:
        """`address` is read at every message. Apprise is imported with the first one."""
        self.name = name
        self._address, self._timeout_s, self._charts = address, timeout_s, charts

    def send(self, message: Message) -> None:
        """See `Channel.send`."""
        import apprise  # noqa: PLC0415 - it takes 0.1 s, and most sites have none of its services

        # What it logs may hold tokens; what matters of it is in our error.
        logging.getLogger("apprise").propagate = False
        address = self._address()
        service = build_service(address, self._timeout_s)
        files: list[Any] = []
        if message.chart and self._charts and service.attachment_support:
            attachments: Any = apprise.AttachmentManager
            make = attachments()["memory"]
            files.append(make(message.chart, name="chart.png", mimetype="image/png"))
        group = apprise.Apprise(asset=service.asset)
        group.add(service)
        result = group.notify(
            title=message.subject,
            body=message.markdown or message.text,
            body_format="markdown" if message.markdown else "text",
            notify_type=_find_type(message),
            attach=files or None,
            timeout=3 * self._timeout_s,  # of the whole, also where an answer never ends
        )
        if not result:
            raise build_error(address, [entry.message for entry in result.logs()])


def build_service(address: ChannelAddress, timeout_s: float) -> Any:
    """The service of an address, which keeps nothing on disk and loads nothing of others.

    Raises:
        NotifyError: Apprise does not know such an address.
    """
    import apprise  # noqa: PLC0415 - see above

    asset = apprise.AppriseAsset(
        app_id="jipyo",
        app_desc="jipyo",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_mode="memory",
        secure_logging=True,
    )
    service = apprise.Apprise.instantiate(address.url, asset=asset)
    if service is None:
        raise NotifyError(
            "notify.apprise.unknown", hint="notify.apprise.unknown.hint", url=address.shown
        )
    service.socket_connect_timeout = service.socket_read_timeout = timeout_s
    return service


def build_error(address: ChannelAddress, lines: list[str]) -> NotifyError:
    """The error of a message that was not delivered, from what Apprise logged."""
    answer = address.redact(" ".join(lines[-1].split())) if lines else ""
    found = _STATUS.search(answer)
    status = found[1] if found else ""
    kind = MessageRejected if status in _REFUSED else NotifyError
    name = "refused" if status in _REFUSED else "login" if status in _LOGIN_REFUSED else "server"
    return kind(
        "notify.apprise.failed", hint=f"notify.hint.{name}", url=address.shown, reason=answer[:300]
    )


def _find_type(message: Message) -> str:
    if message.kind is MessageKind.RESOLVED:
        return "success"
    if message.kind is MessageKind.REPORT:
        return "info"
    return "failure" if message.severity is Severity.CRITICAL else "warning"
