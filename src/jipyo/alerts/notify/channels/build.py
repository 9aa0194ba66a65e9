"""A channel from its options."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.alerts.notify.channels.address import read_address, read_secret_text
from jipyo.alerts.notify.channels.alertmanager import AlertmanagerChannel
from jipyo.alerts.notify.channels.apprise_service import AppriseChannel
from jipyo.alerts.notify.channels.mail import MailChannel
from jipyo.alerts.notify.channels.request import build_client
from jipyo.alerts.notify.channels.webhook import WebhookChannel, build_body, fill_body
from jipyo.alerts.options import ChannelKind

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.alerts.notify.channel import Channel
    from jipyo.alerts.options import ChannelOptions
    from jipyo.i18n import Lang
    from jipyo.model.clock import Clock


def build_channel(options: ChannelOptions, lang: Lang, zone: ZoneInfo, clock: Clock) -> Channel:
    """The channel of these options; nothing is read or connected before its first message."""
    name, address = options.name, partial(read_address, options)
    if options.kind is ChannelKind.APPRISE:
        return AppriseChannel(name, address, options.timeout_s, charts=options.charts)
    if options.kind is ChannelKind.MAIL:
        return MailChannel(
            name, address, zone=zone, timeout_s=options.timeout_s, ca_file=options.ca_file
        )
    client = build_client(options.timeout_s, options.ca_file)
    headers = partial(read_headers, options)
    if options.kind is ChannelKind.ALERTMANAGER:
        return AlertmanagerChannel(name, address, headers, client, clock, lang)
    body = (
        partial(fill_body, options.template) if options.template else partial(build_body, lang=lang)
    )
    return WebhookChannel(name, address, headers, client, body)


def read_headers(options: ChannelOptions) -> dict[str, str]:
    """The headers of requests, with the values that environment variables have now.

    Raises:
        NotifyError: a variable is not set.
    """
    return {name: read_secret_text(value, None) for name, value in options.headers}
