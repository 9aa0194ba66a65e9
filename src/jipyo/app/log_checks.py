"""What keeps logs from being read, as far as it can be seen without the running server."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from jipyo.app.logs import open_logs
from jipyo.config.logs_sources import EMBEDDED
from jipyo.logs.ingest.sources.file_names import find_closed_folder, list_paths
from jipyo.logs.ingest.sources.files import make_file_error
from jipyo.logs.query import LogQuery
from jipyo.model.errors import CollectError, LogQueryError, LogSourceError
from jipyo.model.result import Vector
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.config.load import Config
    from jipyo.logs.ingest.sources.file_names import FileGroup
    from jipyo.logs.ingest.sources.journald import JournaldOptions
    from jipyo.model.errors import JipyoError
    from jipyo.source import Source

_MOST_FILES = 5
_NS_PER_MS = 1_000_000
_LOOK_BACK_NS = 60 * 10**9


def find_log_problems(config: Config, now_ms: int) -> tuple[JipyoError, ...]:
    """Files that are not there or closed to this user, a missing command, clusters that fail."""
    logs = config.settings.logs
    found: list[JipyoError] = []
    for group in logs.files:
        found += check_files(group)
    if logs.journald is not None:
        found += check_journald(logs.journald)
    return (*found, *check_clusters(config, now_ms))


def check_ingest(source: Source, instance: str, t_ms: int) -> tuple[JipyoError, ...]:
    """Whether the running server's process that stores has said that it does not run.

    Raises:
        SourceError: the source failed.
    """
    query = f'jipyo_log_ingest_up{{job="jipyo", instance={quote(instance)}}} == 0'
    result = source.instant(query, t_ms).value
    assert isinstance(result, Vector), "BUG: an instant query is answered by a Vector"
    if not result.series:
        return ()
    hint = "logs_ingest.not_running.hint"
    return (CollectError("logs_ingest.not_running", hint=hint),)


def check_files(group: FileGroup) -> list[JipyoError]:
    """What is wrong with a group, the first few files at most."""
    closed = [folder for each in group.patterns if (folder := find_closed_folder(each))]
    if closed:
        return [make_file_error(folder, PermissionError()) for folder in closed]
    paths = [path for path in list_paths(group) if path.is_file()]
    if not paths:
        return [CollectError("app.no_log_file", hint="app.no_log_file.hint", path=group.name)]
    denied = [path for path in paths if not os.access(path, os.R_OK)]
    return [make_file_error(path, PermissionError()) for path in denied[:_MOST_FILES]]


def check_journald(options: JournaldOptions) -> list[JipyoError]:
    """Whether there is a command to read the journal."""
    if shutil.which(options.command):
        return []
    reason, hint = os.strerror(2), "logs_ingest.journald.hint"
    return [CollectError("logs_ingest.journald", hint=hint, command=options.command, reason=reason)]


def check_clusters(config: Config, now_ms: int) -> Iterator[JipyoError]:
    """Ask every cluster for its newest records."""
    now_ns = now_ms * _NS_PER_MS
    query = LogQuery(start_ns=now_ns - _LOOK_BACK_NS, end_ns=now_ns)
    with open_logs(config) as sources:
        for name in sources.names:
            if name != EMBEDDED:
                try:
                    yield from sources.find(name).count(query).missing
                except (LogSourceError, LogQueryError) as error:
                    yield error
