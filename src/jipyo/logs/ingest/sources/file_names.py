"""Which files there are, and whose lines they have by their names."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.logs.ingest.lines import LineOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_POD = re.compile(
    r"/pods/(?P<namespace>[^/_]+)_(?P<pod>[^/_]+)_(?P<uid>[^/_]+)/(?P<container>[^/]+)/[^/]+$"
)
_CONTAINER = re.compile(
    r"/containers/(?P<pod>[^/_]+)_(?P<namespace>[^/_]+)_(?P<container>[^/]+)-[0-9a-f]{64}\.log$"
)
_SUFFIXES = re.compile(
    r"(?:\.(?:log|txt|out|err|json|jsonl|gz|\d{1,3})|[-_.]\d{4}-?\d{2}-?\d{2}(?:[T_-]?\d{2,6})?)$"
)
_PLAIN_NAMES = frozenset(
    ("access", "app", "application", "console", "current", "daemon", "error", "log", "main",
     "out", "output", "server", "std", "stderr", "stdout")
)  # fmt: skip
"""Names that say nothing of the service; its folder does."""
_NOT_SERVICES = frozenset(("", "log", "logs", "var", "tmp", "data"))
_MAX_SIBLINGS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGroup:
    """Files that are read alike."""

    patterns: tuple[str, ...]
    """As of the shell; `**` is any number of folders."""
    exclude: tuple[str, ...] = ()
    """Patterns of whole paths that are not read."""
    service: str = ""
    """Of all its lines; found by the file's path where it is empty."""
    zone: str = ""
    """Of times that its lines write without one; empty for that of the site."""
    log_format: str = ""
    """nginx's `log_format` or Apache's `LogFormat`; empty for formats that are found."""
    from_end: bool = False
    """Whether of files that are there at the very first start only new lines are read."""

    @property
    def name(self) -> str:
        """What its metrics are labelled with."""
        return ",".join(self.patterns)


def list_paths(group: FileGroup) -> Iterator[Path]:
    """The paths that a group names, sorted by pattern; folders may be among them."""
    for pattern in group.patterns:
        for path in _expand(pattern):
            if not any(fnmatch.fnmatch(path, excluded) for excluded in group.exclude):
                yield Path(path)


def _expand(pattern: str) -> list[str]:
    # Unlike `Path.glob` it follows links to folders, and passes over what may not be read.
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207


def find_closed_folder(pattern: str) -> Path | None:
    """The first folder on the way to a pattern's files that may not be looked into."""
    way = Path(pattern)
    for folder in reversed(way.parents):
        if glob.has_magic(str(folder)):
            return None
        if folder.is_dir() and not os.access(folder, os.X_OK | os.R_OK):
            return folder if not os.access(folder, os.X_OK) or folder == way.parent else None
    return None


def describe_path(path: Path, group: FileGroup) -> LineOrigin:
    """Whose lines a file has: pods and containers of Kubernetes by the names that it gives them."""
    found = _POD.search(str(path)) or _CONTAINER.search(str(path))
    fields = {"log.file.path": str(path)}
    service = group.service
    if found:
        about = found.groupdict()
        fields["kubernetes.namespace"] = about["namespace"]
        fields["kubernetes.pod.name"] = about["pod"]
        fields["kubernetes.container.name"] = about["container"]
        service = service or about["container"]
    return LineOrigin(
        service or name_service(path), tuple(fields.items()), group.zone, group.log_format
    )


def name_service(path: Path) -> str:
    """`/var/log/nginx/access.log.1` -> `nginx`, `/srv/shop-2026-11-27.log` -> `shop`."""
    name = path.name
    while (shorter := _SUFFIXES.sub("", name)) not in ("", name):
        name = shorter
    words = re.split(r"[-_.]", name.lower())
    if all(word in _PLAIN_NAMES for word in words):
        folders = (folder for folder in reversed(path.parts[:-1]))
        named = (folder for folder in folders if folder.strip("/").lower() not in _NOT_SERVICES)
        return next(named, name)
    return name


def list_siblings(path: Path) -> list[tuple[Path, os.stat_result]]:
    """A file and those that a rotation may have made of it, the newest first."""
    stem = path.name.partition(".")[0] or path.name
    found = []
    for sibling in _list_folder(path.parent):
        if sibling.name.startswith(stem):
            try:
                found.append((sibling, sibling.stat()))
            except OSError:  # it was renamed meanwhile
                continue
    found.sort(key=lambda each: -each[1].st_mtime_ns)
    return found[:_MAX_SIBLINGS]


def _list_folder(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []  # gone with all that was in it


def is_rotated_name(name: str, original: str) -> bool:
    """Whether a name is one that a rotation gives: `app.log.1`, `app.log-20261127.gz`."""
    if name.startswith(original) and len(name) > len(original):
        return name[len(original)] in ".-_"
    stem, dot, suffix = original.rpartition(".")
    is_dated = bool(dot) and name.startswith((f"{stem}-", f"{stem}.", f"{stem}_"))
    return is_dated and name.removesuffix(".gz").endswith(f".{suffix}")


def find_group(path: Path, groups: Iterable[FileGroup]) -> FileGroup | None:
    """The first group that names a path."""
    return next((group for group in groups if _is_named_by(path, group)), None)


def _is_named_by(path: Path, group: FileGroup) -> bool:
    patterns = (pattern.replace("**/", "*") for pattern in group.patterns)
    return any(fnmatch.fnmatch(str(path), pattern) for pattern in patterns)
