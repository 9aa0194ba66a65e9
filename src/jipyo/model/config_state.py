"""What is known of the configuration in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.model.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ConfigState:
    """How the configuration in force relates to its files."""

    loaded_ms: int
    """When it was read: at the start, or at the last reload that succeeded."""
    error: ConfigError | None = None
    """Why the last reload did not succeed."""
    waiting: tuple[str, ...] = ()
    """Keys whose new values take effect at the next start."""
    has_changed: bool = False
    """Whether a file was changed since it was last read."""
