"""Push groups on disk: a file a group, so that a push costs what its own group costs.

pushed/ 3f0c….json   named by the hash of the group's labels; JSON, see `_encode`
        3f0c….json.damaged   a file that was not ours, set aside
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jipyo.files import atomic_write, sync
from jipyo.model.errors import CollectError, StoreFull
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LOG = logging.getLogger(__name__)
_SUFFIX = ".json"
_NAME_BYTES = 16
_EXCERPT = 200
_BROKEN = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What reading JSON that is not ours can raise."""


@dataclass(frozen=True, slots=True)
class PushGroup:
    """The last push of a group: values by series, and the metadata of its metrics."""

    values: Mapping[Labels, float]
    metadata: tuple[MetricMetadata, ...]


class GroupFiles:
    """The files of all groups; not for two threads at once."""

    def __init__(self, folder: Path) -> None:
        """Keep them in this folder, which the first group creates."""
        self._folder = folder

    def load(self) -> dict[Labels, PushGroup]:
        """Every group; a file that is not ours is set aside with a message.

        A single file beside the folder, in which all groups once were, is split first.

        Raises:
            CollectError: that file cannot be read or split, or a file not be set aside.
        """
        try:
            self._split(self._folder.with_suffix(_SUFFIX))
            for rest in self._folder.glob(f".*{_SUFFIX}.*"):  # of a write that was killed
                rest.unlink()
            return dict(self._read_files())
        except StoreFull as error:
            raise error.as_kind(CollectError) from error
        except OSError as error:
            raise _make_unreadable_error(self._folder, error) from error

    def save(self, key: Labels, group: PushGroup) -> None:
        """Write a group; on disk when this returns.

        Raises:
            StoreFull: it cannot be written; the file is as it was.
        """
        try:
            if not self._folder.is_dir():
                self._folder.mkdir()
                sync(self._folder.parent)
            with atomic_write(self._find_path(key)) as out:
                out.write(_encode(key, group))
        except OSError as error:
            raise self._make_full_error(error) from error

    def delete(self, key: Labels) -> None:
        """Delete a group's file, for good when this returns.

        Raises:
            StoreFull: it cannot be deleted.
        """
        try:
            self._find_path(key).unlink(missing_ok=True)
            sync(self._folder)
        except OSError as error:
            raise self._make_full_error(error) from error

    def _find_path(self, key: Labels) -> Path:
        name = hashlib.blake2b(json.dumps(key.pairs).encode(), digest_size=_NAME_BYTES)
        return self._folder / f"{name.hexdigest()}{_SUFFIX}"

    def _read_files(self) -> Iterator[tuple[Labels, PushGroup]]:
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                key, group = _decode(json.loads(path.read_bytes()))
                if path != self._find_path(key):
                    raise ValueError(f"it is named as another group than {key}")
            except OSError as error:
                _LOG.error("%s", _make_unreadable_error(path, error))
            except _BROKEN as error:
                _set_aside(path, error)
            else:
                yield key, group

    def _split(self, file: Path) -> None:
        """Give each group of the single file its own; killed in the middle, it is done again."""
        try:
            entries = json.loads(file.read_bytes())
            groups = [_decode(entry) for entry in entries]
        except FileNotFoundError:
            return
        except _BROKEN as error:
            _set_aside(file, error)
            return
        for key, group in groups:
            if not self._find_path(key).exists():
                self.save(key, group)
        file.unlink()
        sync(file.parent)

    def _make_full_error(self, error: OSError) -> StoreFull:
        reason = error.strerror or str(error)
        return StoreFull("receive.not_kept", path=str(self._folder), reason=reason)


def _set_aside(path: Path, error: Exception) -> None:
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    reason = (str(error) or repr(error))[:_EXCERPT]
    about = CollectError("receive.group_damaged", path=str(path), aside=str(aside), reason=reason)
    _LOG.error("%s", about)


def _make_unreadable_error(path: Path, error: OSError) -> CollectError:
    reason = error.strerror or str(error)
    return CollectError("receive.groups_unreadable", path=str(path), reason=reason)


def _encode(key: Labels, group: PushGroup) -> bytes:
    entry = {
        "group": key.pairs,
        # As hexadecimal, so that every number comes back bit for bit.
        "values": [(labels.pairs, value.hex()) for labels, value in group.values.items()],
        "metadata": [(m.metric, m.type.value, m.help, m.unit) for m in group.metadata],
    }
    return json.dumps(entry).encode()


def _decode(entry: Any) -> tuple[Labels, PushGroup]:
    """The labels of a group and what it holds.

    Raises:
        ValueError, KeyError, TypeError, OverflowError: it is none of ours, or not UTF-8.
    """
    values = {_read_labels(pairs): float.fromhex(value) for pairs, value in entry["values"]}
    metadata = tuple(
        MetricMetadata(metric, MetricType(kind), text, unit)
        for metric, kind, text, unit in entry["metadata"]
    )
    if not all(labels.metric for labels in values):
        raise ValueError("a series has no name")
    "".join(text for about in metadata for text in (about.metric, about.help, about.unit)).encode()
    return _read_labels(entry["group"]), PushGroup(values, metadata)


def _read_labels(pairs: Any) -> Labels:
    "".join(text for pair in pairs for text in pair).encode()  # no strings, or lone surrogates
    return Labels.of((name, value) for name, value in pairs)
