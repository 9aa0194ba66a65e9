"""The incidents of a data folder, for commands: beside a running server or without one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.model.clock import SystemClock
from jipyo.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.config.load import Config


@contextlib.contextmanager
def open_desk(config: Config) -> Iterator[IncidentDesk]:
    """The incidents of the configured data folder.

    Raises:
        StoreError: there is no such folder, or the file cannot be opened.
    """
    if not config.data.is_dir():
        raise StoreError("app.no_data_folder", hint="app.no_data_folder.hint", path=config.data)
    store = AlertStore.open(config.data, STEPS)
    with contextlib.closing(store):
        yield IncidentDesk(store, SystemClock().now_ms)
