"""A test message: through a channel as it is configured, past the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertState
from jipyo.alerts.notify.channels.build import build_channel
from jipyo.alerts.notify.compose import compose
from jipyo.alerts.notify.message import MessageKind, Notification, NotifiedAlert
from jipyo.alerts.notify.wording import Site
from jipyo.analysis.thresholds import Severity
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.clock import SystemClock
from jipyo.model.errors import NotifyError
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from jipyo.alerts.notify.curve import Curve
    from jipyo.alerts.options import ChannelOptions
    from jipyo.config.load import Config


def send_test_message(options: ChannelOptions, config: Config) -> NotifyError | None:
    """Send it now; why it was not delivered.

    An Alertmanager gets an alert, which ends by itself after some minutes.
    """
    clock, lang = SystemClock(), options.language or config.lang
    t_ms = clock.now_ms()
    notification = build_test(options.name, config.instance, t_ms)
    site = Site(instance=config.instance, zone=config.zone)
    message = compose(notification.key, [notification], texts(lang), site, _draw_nothing, t_ms)
    try:
        build_channel(options, lang, config.zone, clock).send(message)
    except NotifyError as error:
        return error
    return None


def build_test(channel: str, instance: str, t_ms: int) -> Notification:
    """The facts of a test message, with one made-up alert for systems that take only alerts."""
    alert = NotifiedAlert(
        rule="JipyoTest",
        name=Bilingual("jipyo 알림 시험", "Alert test of jipyo"),
        labels=Labels.of({"instance": instance}),
        state=AlertState.FIRING,
        severity=Severity.WARNING,
        started_ms=t_ms,
    )
    return Notification(
        key=f"test/{t_ms}",
        kind=MessageKind.TEST,
        t_ms=t_ms,
        severity=Severity.WARNING,
        target=channel,
        alerts=(alert,),
    )


def _draw_nothing(_notification: Notification) -> Curve | None:
    return None
