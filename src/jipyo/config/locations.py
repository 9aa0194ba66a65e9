"""Where things are on this machine: the file, the data, the time zone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "jipyo.yaml"


def find_file(environ: Mapping[str, str], etc: Path = Path("/etc")) -> Path | None:
    """The user's file, else the machine's, else none: jipyo needs no configuration."""
    user = _find_base_folder(environ, "XDG_CONFIG_HOME", ".config")
    files = (folder / "jipyo" / FILE_NAME for folder in (user, etc))
    return next(filter(_may_be_there, files), None)


def _may_be_there(file: Path) -> bool:
    """Whether there is a file, or may be one in a folder that is closed to this user."""
    try:
        return file.is_file()
    except PermissionError:
        return True  # who reads it gets the error that names it


def find_data_folder(setting: Path | None, environ: Mapping[str, str]) -> Path:
    """The folder that was set, as an absolute path; else the user's."""
    if setting is not None:
        return setting.expanduser().absolute()
    return _find_base_folder(environ, "XDG_DATA_HOME", ".local/share") / "jipyo"


def _find_base_folder(environ: Mapping[str, str], variable: str, under_home: str) -> Path:
    # The XDG Base Directory Specification says to ignore a relative path.
    folder = Path(environ.get(variable, ""))
    return folder if folder.is_absolute() else Path.home() / under_home


def find_zone(environ: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> ZoneInfo:
    """$TZ, else the zone that /etc/localtime points to, else UTC."""
    names = [environ.get("TZ", "").lstrip(":")]
    if localtime.is_symlink():
        names.append(str(localtime.readlink()).partition("zoneinfo/")[2])
    for name in filter(None, names):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")
