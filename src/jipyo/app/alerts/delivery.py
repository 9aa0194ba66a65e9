"""How delivery goes, as it is seen beside the running server or without one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from jipyo.alerts.notify.status import read_status
from jipyo.alerts.store import FILE_NAME, AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.model.errors import NotifyError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.alerts.notify.status import ChannelStatus
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.errors import JipyoError


def read_delivery(config: Config) -> list[ChannelStatus]:
    """How it goes with each channel of the configuration; none where nothing was queued yet.

    Raises:
        StoreError: the file of alerts cannot be read.
    """
    alerts = config.settings.alerts
    if alerts is None or not alerts.channels or not (config.data / FILE_NAME).exists():
        return []
    with contextlib.closing(AlertStore.open(config.data, STEPS)) as store, store.reading() as db:
        return read_status(db, [one.name for one in alerts.channels])


def check_delivery(
    config: Config, t: Texts, now_ms: int
) -> tuple[tuple[ChannelStatus, ...], tuple[JipyoError, ...]]:
    """The channels, and what is wrong with them: those that fail, and what was not taken."""
    try:
        channels = read_delivery(config)
    except StoreError as error:
        return (), (error,)
    return tuple(channels), tuple(_list_problems(channels, t, now_ms))


def _list_problems(channels: list[ChannelStatus], t: Texts, now_ms: int) -> Iterator[JipyoError]:
    for one in channels:
        if one.is_failing:
            delivered_ms = one.state.delivered_ms
            key = "notify.failing" if delivered_ms is not None else "notify.failing.never"
            span = "" if delivered_ms is None else t.span(now_ms - delivered_ms)
            values = {"channel": one.name, "span": span, "waiting": one.waiting}
            yield NotifyError(key, hint="notify.failing.hint", error=one.state.error, **values)
        elif one.rejected:
            yield NotifyError(
                "notify.rejected",
                hint="notify.failing.hint",
                channel=one.name,
                n=one.rejected,
                error=one.state.error,
            )
