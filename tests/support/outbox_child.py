"""A process that sends what waits in an outbox until it is killed: `python outbox_child.py …`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from zoneinfo import ZoneInfo

from jipyo.alerts.notify.channels.build import build_channel
from jipyo.alerts.notify.compose import compose
from jipyo.alerts.notify.notifier import Notifier
from jipyo.alerts.notify.outbox import STEPS
from jipyo.alerts.notify.sender import ChannelSetting
from jipyo.alerts.notify.wording import Site
from jipyo.alerts.options import ChannelKind, ChannelOptions
from jipyo.alerts.store import AlertStore
from jipyo.i18n import texts
from jipyo.model.clock import SystemClock
from jipyo.model.secret import Secret

ZONE = ZoneInfo("Asia/Seoul")


def main(folder: str, channels: list[str]) -> None:
    """Send through channels of the form `name=kind=url`."""
    store, clock = AlertStore.open(Path(folder), STEPS), SystemClock()
    site = Site(instance="gpu-1", zone=ZONE, external_url="https://jipyo.example.com")
    settings = {}
    for each in channels:
        name, kind, url = each.split("=", 2)
        options = ChannelOptions(
            name=name, kind=ChannelKind(kind), url=Secret(url), timeout_s=1.0, max_per_hour=10_000
        )
        settings[name] = ChannelSetting(
            channel=build_channel(options, "ko", ZONE, clock),
            compose=lambda key, batch: compose(
                key, batch, texts("ko"), site, lambda _: None, clock.now_ms()
            ),
            t=texts("ko"),
            max_per_hour=options.max_per_hour,
        )
    notifier = Notifier(store, clock)
    notifier.apply(settings)
    notifier.start()
    print("running", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
