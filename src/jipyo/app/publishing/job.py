"""What a process is asked to make, how far it has come, and what it made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.overrides import CliOverrides
    from jipyo.i18n import Lang
    from jipyo.model.bilingual import Bilingual
    from jipyo.model.calendar import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportJob:
    """What report to make, by which configuration."""

    overrides: CliOverrides
    period: Period
    formats: tuple[str, ...]
    languages: tuple[Lang, ...]
    system: str = ""
    """Empty: all."""
    forms: tuple[Path, ...] = ()
    """The site's own, to be filled."""
    template: Path | None = None
    """None: that of the configuration."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job has come; `total` is None where it is not known."""

    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file of a report that was made."""

    path: Path
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeReport:
    """What came of a job."""

    number: str
    issue: int
    is_new: bool
    """False where the last issue has the same content, which this then is."""
    kind: str
    title: Bilingual
    """With the period."""
    summary: Bilingual
    """Markdown."""
    files: tuple[MadeFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationJob:
    """Which issue to compute again, by which configuration."""

    overrides: CliOverrides
    number: str
    issue: int
