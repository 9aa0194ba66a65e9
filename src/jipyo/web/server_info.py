"""What the APIs tell about this server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Lang
    from jipyo.model.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """Facts that stay the same while one configuration is in force."""

    instance: str
    version: str
    started_ms: int
    zone: ZoneInfo
    """The time zone in which people read times."""
    lang: Lang
    """The language of responses to requests without `?lang=`."""
    config_yaml: str = ""
    """The configuration in force, without secrets."""
    settings: tuple[Setting, ...] = ()
    """The same, value by value, each with its origin."""
    is_demonstration: bool = False
    """Whether what it shows is made up."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """The command's options, as `/api/v1/status/flags` shows them."""
