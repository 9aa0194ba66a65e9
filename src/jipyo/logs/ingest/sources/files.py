"""Log files by pattern: found, recognised after rotation, read in turns, remembered."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jipyo.logs.ingest.sources.content import open_content
from jipyo.logs.ingest.sources.file_names import (
    FileGroup,
    describe_path,
    find_closed_folder,
    find_group,
    is_rotated_name,
    list_paths,
    list_siblings,
)
from jipyo.logs.ingest.sources.position import FilePosition, Trail, find_trail
from jipyo.logs.ingest.sources.recognition import is_copy, recognise, skip_all
from jipyo.logs.ingest.sources.source import SourceRead
from jipyo.logs.ingest.sources.tailed_file import TailedFile
from jipyo.model.errors import CollectError, JipyoError, MalformedBody

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.logs.ingest.lines import LineParsing
    from jipyo.logs.ingest.problems import Problems
    from jipyo.logs.ingest.sources.content import Content
    from jipyo.logs.record import LogBatch

POSITIONS = "files"
"""The name of this source in the store: the positions of all files by key."""
_SECOND = 1_000_000_000
_SCAN_NS, _LONG_SCAN_NS = 1 * _SECOND, 5 * _SECOND
_MANY_FILES = 1000
"""With more of them folders are looked through less often."""
_LOOK_NS = 1 * _SECOND
_FLUSH_NS = 3 * _SECOND // 2
"""A record is whole when nothing came for so long."""
_GONE_NS = 10 * _SECOND
"""Who writes into a file that was renamed or deleted has so long to open the new one."""
_SLACK_NS = _SECOND
"""File systems write times in steps; what was read is recognised anyway."""
_REMEMBER_NS = 7 * 86_400 * _SECOND
_MAX_OPEN = 512
_MAX_REMEMBERED = 10_000
_READ_ERRORS = (OSError, MalformedBody)

Identity = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How files are read."""

    groups: tuple[FileGroup, ...]
    chunk_bytes: int = 1 << 20
    """Read of one file before it is the next one's turn."""


class FileSource:
    """The files of all groups; for one thread."""

    name = "files"

    def __init__(
        self,
        options: FileOptions,
        parsing: LineParsing,
        problems: Problems,
        stored: Mapping[str, Any] | None,
    ) -> None:
        """Go on behind the stored positions; None at the very first start."""
        self._options = options
        self._parsing = parsing
        self._problems = problems
        self._is_first_start = stored is None
        self._remembered = {
            key: FilePosition.from_json(each) for key, each in (stored or {}).items()
        }
        """Files that are not open, by key."""
        self._positions = {key: each.to_json() for key, each in self._remembered.items()}
        self._open: dict[Identity, TailedFile] = {}
        self._turns: deque[TailedFile] = deque()
        self._finished: dict[Identity, tuple[int, int]] = {}
        """Size and time of change of files that were read to the end, and closed."""
        self._followed: set[str] = set()
        """Keys of remembered files whose rotated ones were looked for."""
        self._must_share = False
        """Whether more files wait to be opened than may be open."""
        self._next_scan_ns = self._next_look_ns = 0
        self._next_number = self._n_files = 0

    # ----------------------------------------------------------------------------- reading

    def read(self, now_ns: int) -> SourceRead | None:
        """See `LineSource.read`."""
        if now_ns >= self._next_scan_ns:
            found = self._scan(now_ns)
            is_long = self._n_files > _MANY_FILES
            self._next_scan_ns = now_ns + (_LONG_SCAN_NS if is_long else _SCAN_NS)
            self._next_look_ns = now_ns + _LOOK_NS
            if found is not None:
                return found
        elif now_ns >= self._next_look_ns:
            self._next_look_ns = now_ns + _LOOK_NS
            self._look_after(now_ns)
        for _ in range(len(self._turns)):
            file = self._turns[0]
            self._turns.rotate(-1)
            found = self._read_file(file, now_ns)
            if found is not None:
                return found
        return None

    def _read_file(self, file: TailedFile, now_ns: int) -> SourceRead | None:
        try:
            if file.has_lost_place():
                return self._restart(file, now_ns)
            batches, size = file.read(self._options.chunk_bytes, now_ns)
        except _READ_ERRORS as error:
            self._report(file.current_path, error)
            self._close_file(file)
            return None
        self._problems.clear(f"file:{file.current_path}")
        if size or file.key not in self._positions:
            return self._build_read(file, batches, size)
        return self._end(file, now_ns)

    def _end(self, file: TailedFile, now_ns: int) -> SourceRead | None:
        """At the end of a file: flush what waits, and close it where nothing can come."""
        idle_ns = now_ns - file.idle_since_ns
        can_grow = not file.is_rotated and not file.content.is_compressed
        if file.content.is_complete() or (not can_grow and idle_ns > _GONE_NS):
            found = self._build_read(file, file.flush(now_ns, is_last=True))
            self._close_file(file)
            return found
        if file.has_pending():
            if idle_ns > _FLUSH_NS:
                return self._build_read(file, file.flush(now_ns, is_last=False))
        elif self._must_share:
            self._close_file(file)
        return None

    def _build_read(
        self, file: TailedFile, batches: Sequence[LogBatch], size: int = 0
    ) -> SourceRead | None:
        stored = self._positions.get(file.key)
        if not batches and not size and stored and stored["offset"] == file.trail.offset:
            return None
        self._positions[file.key] = file.build_position().to_json()
        return SourceRead(batches, {POSITIONS: dict(self._positions)}, size)

    def _restart(self, file: TailedFile, now_ns: int) -> SourceRead | None:
        """The file was cut: read its copy on, where there is one, and the file from its front."""
        group, path = self._find_group(file), file.current_path
        position = file.build_position()
        has_copy = self._open_continuation(file.key, position, group, now_ns)
        batches = [] if has_copy else file.flush(now_ns, is_last=True)
        found = self._build_read(file, batches)
        self._close(file)
        self._open_path(path, group, now_ns, is_new=True)
        return found

    def count_unread_bytes(self) -> int:
        """See `LineSource.count_unread_bytes`."""
        return sum(file.count_unread() for file in self._open.values())

    def count_open(self) -> int:
        """How many files are open."""
        return len(self._open)

    def close(self) -> SourceRead | None:
        """See `LineSource.close`: what waits is read again next time."""
        for file in self._open.values():
            file.content.close()
        self._open.clear()
        self._turns.clear()
        return None

    # ----------------------------------------------------------------------------- finding

    def _scan(self, now_ns: int) -> SourceRead | None:
        """Open what is new, notice what was replaced."""
        self._must_share = False
        self._look_after(now_ns)
        seen: set[Identity] = set()
        closed_folders: set[str] = set()
        for group in self._options.groups:
            closed_folders |= self._check_folders(group)
            for path in list_paths(group):
                self._visit(path, group, seen, now_ns)
        self._problems.clear_all_but("folder:", closed_folders)
        self._follow_remembered(seen, now_ns)
        self._expire(seen, now_ns)
        self._n_files = len(seen)
        if not self._is_first_start:
            return None
        self._is_first_start = False
        for file in self._open.values():
            self._positions[file.key] = file.build_position().to_json()
        return SourceRead((), {POSITIONS: dict(self._positions)})

    def _visit(self, path: Path, group: FileGroup, seen: set[Identity], now_ns: int) -> None:
        try:
            about = path.stat()
        except FileNotFoundError:
            return  # it went, or is a link to nothing
        except OSError as error:
            self._report(path, error)
            return
        identity = about.st_dev, about.st_ino
        if identity in seen:
            return
        seen.add(identity)
        file = self._open.get(identity)
        if file is not None:
            file.current_path = path
        elif self._finished.get(identity) != (about.st_size, about.st_mtime_ns):
            self._open_path(path, group, now_ns)

    def _open_path(
        self,
        path: Path,
        group: FileGroup,
        now_ns: int,
        *,
        like: FilePosition | None = None,
        is_new: bool = False,
    ) -> None:
        """Open a file where its remembered position is, or at its front.

        `like` is a file that was where this one was before it was rotated.
        """
        if len(self._open) >= _MAX_OPEN:
            self._must_share = True
            return
        content = self._open_content(path)
        if content is None:
            return
        try:
            if content.identity in self._open or (not is_new and self._is_copy(path, content)):
                content.close()
                return
            known = None if is_new else recognise(path, content, self._remembered)
            skips = group.from_end and self._is_first_start
            fresh = skip_all(content) if skips and known is None else Trail()
        except _READ_ERRORS as error:
            self._report(path, error)
            content.close()
            return
        key, trail = known or (self._make_key(content), fresh)
        position = self._remembered.pop(key, None)
        known_as = position or like
        paths = _list_paths(known_as) if known_as else (path, path.resolve())
        file = self._add(key, paths, content, trail, group)
        file.read_at_ns = position.seen_ns if position else now_ns
        file.idle_since_ns = now_ns
        file.current_path = path

    def _is_copy(self, path: Path, content: Content) -> bool:
        return any(is_copy(path, content, file) for file in self._open.values())

    def _add(
        self,
        key: str,
        paths: tuple[Path, Path],
        content: Content,
        trail: Trail,
        group: FileGroup,
    ) -> TailedFile:
        origin = describe_path(paths[0], group)
        file = TailedFile(key, paths, origin, content, trail, self._parsing.open(origin))
        self._open[content.identity] = file
        self._turns.append(file)
        return file

    def _open_continuation(
        self, key: str, position: FilePosition, group: FileGroup, now_ns: int
    ) -> bool:
        """Open what a rotation made of a file, wherever it is now in its folder."""
        for path, about in list_siblings(Path(position.real_path)):
            identity = about.st_dev, about.st_ino
            is_same = identity == (position.device, position.inode)
            if identity in self._open or not (position.offset or is_same):
                continue
            content = self._open_content(path)
            if content is None:
                continue
            try:
                trail = find_trail(content, position)
            except _READ_ERRORS as error:
                self._report(path, error)
                trail = None
            if trail is None:
                content.close()
                continue
            file = self._add(key, _list_paths(position), content, trail, group)
            file.is_rotated, file.idle_since_ns = True, now_ns
            file.read_at_ns, file.current_path = position.seen_ns, path
            return True
        return False

    def _follow_remembered(self, seen: set[Identity], now_ns: int) -> None:
        """Read what was left in files rotated since the last scan, and what was written since."""
        for key, position in list(self._remembered.items()):
            identity = position.device, position.inode
            # One that is open has the inode of the remembered file, and other bytes.
            if identity in seen and identity not in self._open:
                self._followed.discard(key)
                continue
            group = find_group(Path(position.path), self._options.groups)
            if key in self._followed or group is None:
                continue
            self._followed.add(key)
            if self._open_continuation(key, position, group, now_ns):
                del self._remembered[key]
            self._open_later_siblings(position, group, now_ns)

    def _open_later_siblings(self, position: FilePosition, group: FileGroup, now_ns: int) -> None:
        real = Path(position.real_path)
        for path, about in list_siblings(real):
            identity = about.st_dev, about.st_ino
            is_newer = (
                about.st_mtime_ns > position.seen_ns - _SLACK_NS and identity not in self._open
            )
            is_finished = self._finished.get(identity) == (about.st_size, about.st_mtime_ns)
            if is_newer and not is_finished and is_rotated_name(path.name, real.name):
                self._open_path(path, group, now_ns, like=position)

    # ------------------------------------------------------------------------------ upkeep

    def _look_after(self, now_ns: int) -> None:
        """Open what stands in the place of a file that was renamed or deleted."""
        for file in list(self._open.values()):
            if file.is_rotated or _leads_to(file.current_path, file.identity):
                continue
            file.is_rotated, file.idle_since_ns = True, now_ns
            group = self._find_group(file)
            if file.current_path.is_file():
                self._open_path(file.current_path, group, now_ns)
            self._open_later_siblings(file.build_position(), group, now_ns)

    def _close_file(self, file: TailedFile) -> None:
        """Close a file; it is not opened again before it changes."""
        try:
            about = file.current_path.stat()
            if (about.st_dev, about.st_ino) == file.identity:
                self._finished[file.identity] = about.st_size, about.st_mtime_ns
        except OSError:
            self._finished.pop(file.identity, None)
        self._close(file)

    def _close(self, file: TailedFile) -> None:
        file.content.close()
        del self._open[file.identity]
        self._turns.remove(file)
        is_elsewhere = any(file.key == other.key for other in self._open.values())
        if file.trail.offset and not is_elsewhere:
            self._remembered[file.key] = file.build_position()
            self._followed.add(file.key)

    def _expire(self, seen: set[Identity], now_ns: int) -> None:
        """Forget files that have been gone for long, the longest first."""
        gone = sorted(
            (each.seen_ns, key)
            for key, each in self._remembered.items()
            if (each.device, each.inode) not in seen
        )
        excess = len(self._remembered) - _MAX_REMEMBERED
        for number, (seen_ns, key) in enumerate(gone):
            if number < excess or now_ns - seen_ns > _REMEMBER_NS:
                del self._remembered[key]
                self._positions.pop(key, None)
                self._followed.discard(key)
        self._finished = {each: about for each, about in self._finished.items() if each in seen}

    def _make_key(self, content: Content) -> str:
        """A key that no file has or had."""
        device, inode = content.identity
        open_keys = {file.key for file in self._open.values()}
        while True:
            key = f"{device:x}.{inode:x}.{self._next_number:x}"
            self._next_number += 1
            if key not in self._positions and key not in open_keys:
                return key

    def _find_group(self, file: TailedFile) -> FileGroup:
        return find_group(file.path, self._options.groups) or self._options.groups[0]

    # ---------------------------------------------------------------------------- problems

    def _open_content(self, path: Path) -> Content | None:
        try:
            return open_content(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._report(path, error)
            return None

    def _report(self, path: Path, error: Exception) -> None:
        self._problems.report(f"file:{path}", make_file_error(path, error))

    def _check_folders(self, group: FileGroup) -> set[str]:
        """The keys of folders that keep a group's files from being found."""
        folders = {folder for pattern in group.patterns if (folder := find_closed_folder(pattern))}
        for folder in folders:
            error = make_file_error(folder, PermissionError())
            self._problems.report(f"folder:{folder}", error)
        return {f"folder:{folder}" for folder in folders}


def _list_paths(position: FilePosition) -> tuple[Path, Path]:
    return Path(position.path), Path(position.real_path)


def _leads_to(path: Path, identity: Identity) -> bool:
    try:
        about = path.stat()
    except OSError:
        return False
    return (about.st_dev, about.st_ino) == identity


def make_file_error(path: Path, error: Exception) -> JipyoError:
    """Why a file cannot be read, with what to do."""
    if isinstance(error, PermissionError):
        return CollectError(
            "logs_ingest.denied", hint="logs_ingest.denied.hint", path=str(path), user=os.geteuid()
        )
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if isinstance(error, JipyoError):
        reason = str(error.values.get("reason", error.key))
    return CollectError("logs_ingest.unreadable", path=str(path), reason=reason)
