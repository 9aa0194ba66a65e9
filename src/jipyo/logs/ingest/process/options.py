"""The options of the ingest process, which it reads at its start as a line of JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from jipyo.i18n import Lang  # noqa: TC001 - of a field
from jipyo.logs.formats.redact import RedactionOptions
from jipyo.logs.ingest.receive.decoding import ReceiveLimits
from jipyo.logs.ingest.receive.syslog_server import SyslogOptions
from jipyo.logs.ingest.sources.file_names import FileGroup
from jipyo.logs.ingest.sources.files import FileOptions
from jipyo.logs.ingest.sources.journald import JournaldOptions
from jipyo.logs.store.retention import LegalHold, Retention, RetentionClass


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """The keys of the configuration that ingest needs."""

    folder: Path
    """Of the log store."""
    files: FileOptions = field(default_factory=lambda: FileOptions(groups=()))
    journald: JournaldOptions | None = None
    """None where the journal is not read."""
    syslog: SyslogOptions = field(default_factory=SyslogOptions)
    zone: str = "UTC"
    """Of times that lines write without one."""
    max_body_bytes: int = 32 << 20
    max_elements: int = 500_000
    redaction: RedactionOptions | None = field(default_factory=RedactionOptions)
    """None to store lines as they are."""
    retention: Retention = field(default_factory=Retention)
    log_level: str = "INFO"
    lang: Lang = "en"
    """Of errors in its log."""

    @property
    def socket(self) -> Path:
        """Where requests are handed on."""
        return self.folder / "ingest.sock"

    @property
    def limits(self) -> ReceiveLimits:
        """What a request may cost."""
        return ReceiveLimits(
            max_body_bytes=self.max_body_bytes,
            max_elements=self.max_elements,
            zone=ZoneInfo(self.zone),
        )

    def encode(self) -> bytes:
        """What `decode` reads."""
        return orjson.dumps({**asdict(self), "folder": str(self.folder)})

    @classmethod
    def decode(cls, line: bytes) -> IngestOptions:
        """The options as they were encoded."""
        content: dict[str, Any] = orjson.loads(line)
        files, journald, syslog, redaction, retention = (
            content.pop(name) for name in ("files", "journald", "syslog", "redaction", "retention")
        )
        classes, holds = retention.pop("classes"), retention.pop("holds")
        groups = tuple(FileGroup(**_as_tuples(group)) for group in files.pop("groups"))
        return cls(
            **{**content, "folder": Path(content["folder"])},
            files=FileOptions(groups=groups, **files),
            journald=JournaldOptions(**_as_tuples(journald)) if journald else None,
            syslog=SyslogOptions(**_as_tuples(syslog)),
            redaction=RedactionOptions(**_as_tuples(redaction)) if redaction else None,
            retention=Retention(
                classes=tuple(RetentionClass(**_as_tuples(each)) for each in classes),
                holds=tuple(LegalHold(**_as_tuples(each)) for each in holds),
                **retention,
            ),
        )


def _as_tuples(content: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where the options have tuples."""
    return {name: _as_tuple(value) for name, value in content.items()}


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(each) for each in value) if isinstance(value, list) else value
