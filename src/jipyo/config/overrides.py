"""What the command line sets, and loading a configuration with it once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jipyo.i18n import Lang

_C = TypeVar("_C")


@dataclass(frozen=True, slots=True, kw_only=True)
class CliOverrides:
    """What options of the command line set; None where they set nothing."""

    file: Path | None = None
    data: Path | None = None
    lang: Lang | None = None
    listen: str | None = None
    insecure: bool = False


def load_again(
    load: Callable[[CliOverrides, Mapping[str, str], Lang], _C],
    overrides: CliOverrides,
    environ: Mapping[str, str],
    system_lang: Lang,
) -> _C:
    """The configuration as it is written now.

    Raises:
        ConfigError: that of `load`, or the file is none that can be read twice.
    """
    file = overrides.file
    if file is not None and file.exists() and not file.is_file():
        raise ConfigError("config.read_once", file=str(file))  # a pipe is empty by now, or hangs
    return load(overrides, environ, system_lang)
