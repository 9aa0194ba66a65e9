"""`/api/jipyo/status`: the verdict alone, for scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.web.api.operation import Operation, json_route
from jipyo.web.api.verdict import (
    ConfigurationState,
    StorageState,
    Verdict,
    build_configuration,
    build_storage,
    build_verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.analysis.health import Health
    from jipyo.i18n import Texts
    from jipyo.model.config_state import ConfigState
    from jipyo.model.errors import JipyoError
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest
    from jipyo.web.server_info import ServerInfo


@dataclass(frozen=True, slots=True)
class LogsState:
    """Whether log records can be read and stored."""

    problems: tuple[str, ...]
    """What cannot be, why, and what to do; empty where there is no problem."""


@dataclass(frozen=True, slots=True)
class Status:
    """The verdict alone, and the state of the process."""

    t: float
    version: str
    instance: str
    started: float
    ready: bool
    """Whether the first scrape has been stored."""
    verdict: Verdict
    storage: StorageState
    configuration: ConfigurationState
    logs: LogsState


OPERATION = Operation("/status", Status, "The verdict alone.")


def routes(
    server: ServerInfo,
    health: Callable[[], Health],
    is_ready: Callable[[], bool],
    storage_error: Callable[[], JipyoError | None],
    config_state: Callable[[], ConfigState],
    log_problems: Callable[[], Sequence[JipyoError]],
) -> list[Route]:
    """The route; the callables are asked at the time of the request."""

    def build(_request: WebRequest, t: Texts) -> Status:
        now = health()
        return Status(
            t=now.t_ms / 1000,
            version=server.version,
            instance=server.instance,
            started=server.started_ms / 1000,
            ready=is_ready(),
            verdict=build_verdict(now, t),
            storage=build_storage(storage_error(), t),
            configuration=build_configuration(config_state(), t),
            logs=LogsState(tuple(t.error(problem) for problem in log_problems())),
        )

    return [json_route(OPERATION, build, server.lang)]
