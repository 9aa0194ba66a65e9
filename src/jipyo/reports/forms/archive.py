"""The ZIP archive that a form is: read within limits, written again part by part."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILE_BYTES = 64 << 20
_MAX_PARTS = 5_000
_FREE_BYTES = 1 << 20
_MAX_RATIO = 200
"""How many times its own size an archive may unpack to, beyond the free bytes: office files
come to 10 to 40, an archive made to fill the memory to 1,000."""
_STAMP = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED = 0x1
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)


class FormArchive:
    """The parts of a form in their order; a part is unpacked when it is read."""

    def __init__(self, content: bytes) -> None:
        """Look at what there is.

        Raises:
            ReportError: it is no such archive, is encrypted, or would unpack to too much.
        """
        if content.startswith(_OLE):
            raise ReportError("forms.old_format", hint="forms.old_format.hint")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _BROKEN as error:
            raise ReportError("forms.no_archive", hint="forms.no_archive.hint") from error
        self._entries = self._zip.infolist()
        self.names = tuple(entry.filename for entry in self._entries)
        _check_entries(self._entries, len(content))

    def read(self, name: str) -> bytes:
        """The content of a part.

        Raises:
            ReportError: there is no such part, or it is damaged.
        """
        try:
            return self._zip.read(name)
        except KeyError as error:
            raise ReportError("forms.no_part", hint="forms.no_archive.hint", part=name) from error
        except _BROKEN as error:
            raise ReportError("forms.damaged", hint="forms.no_archive.hint", part=name) from error

    def write(self, changed: Mapping[str, bytes], added: Mapping[str, bytes]) -> bytes:
        """The archive with some parts changed and others added behind them.

        Times, order and compression of all parts stay, so that the same gives the same bytes.
        """
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for entry in self._entries:
                copy = zipfile.ZipInfo(entry.filename, entry.date_time)
                copy.compress_type = entry.compress_type
                copy.external_attr = entry.external_attr
                copy.create_system = entry.create_system
                content = changed.get(entry.filename)
                archive.writestr(copy, self.read(entry.filename) if content is None else content)
            for name, content in added.items():
                entry = zipfile.ZipInfo(name, _STAMP)
                entry.create_system = 0
                is_picture = name.endswith(".png")
                entry.compress_type = zipfile.ZIP_STORED if is_picture else zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return out.getvalue()


def _check_entries(entries: list[zipfile.ZipInfo], size_bytes: int) -> None:
    names = [entry.filename for entry in entries]
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise ReportError("forms.encrypted", hint="forms.encrypted.hint")
        steps = entry.filename.replace("\\", "/").split("/")
        is_strange = ".." in steps or not steps[0] or ":" in steps[0]
        if is_strange or entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            part = entry.filename[:80]
            raise ReportError("forms.strange_part", hint="forms.no_archive.hint", part=part)
    if len(set(names)) < len(names):
        part = next(name for at, name in enumerate(names) if name in names[:at])
        raise ReportError("forms.strange_part", hint="forms.no_archive.hint", part=part[:80])
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > _MAX_PARTS or unpacked > _FREE_BYTES + _MAX_RATIO * size_bytes:
        raise ReportError("forms.too_large", hint="forms.too_large.hint")
