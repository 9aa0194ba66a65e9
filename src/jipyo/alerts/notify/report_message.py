"""The message about a report: its summary, its files, and where it is shown."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.alerts.notify.html import build_list, build_page, build_paragraph, find_colour
from jipyo.alerts.notify.message import Attachment, Message, MessageKind
from jipyo.alerts.notify.wording import clean
from jipyo.analysis.thresholds import Severity
from jipyo.model.errors import MessageRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jipyo.alerts.notify.message import Notification, NotifiedFile, NotifiedReport
    from jipyo.alerts.notify.wording import Site
    from jipyo.i18n import Texts

    Attach = Callable[[Sequence[NotifiedFile]], tuple[Attachment, ...]]
    """The files that go with a message, of those that there are."""

MOST_ATTACHED_BYTES = 18 << 20
"""Many mail servers take no more than 25 MB, of which encoding needs a third."""
_MARKUP = re.compile(r"\*\*|\\(?=[\\`*_\[\]<>~|#])")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


def attach_nothing(_files: Sequence[NotifiedFile]) -> tuple[Attachment, ...]:
    """For channels that take no files."""
    return ()


def read_attachments(files: Iterable[NotifiedFile]) -> tuple[Attachment, ...]:
    """The files as they were made, as many as a mail can hold, in their order.

    Raises:
        MessageRejected: one is gone or has been changed since.
    """
    found, total = [], 0
    for file in files:
        total += file.size_bytes
        if total > MOST_ATTACHED_BYTES:
            total -= file.size_bytes
            continue
        found.append(Attachment(name=file.name, media_type=file.media_type, content=_read(file)))
    return tuple(found)


def _read(file: NotifiedFile) -> bytes:
    try:
        content = Path(file.path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise MessageRejected("notify.report.unreadable", file=file.path, reason=reason) from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise MessageRejected("notify.report.changed", file=file.path)
    return content


def compose_report(
    key: str, notification: Notification, t: Texts, site: Site, attach: Attach
) -> Message:
    """The message about one report.

    Raises:
        MessageRejected: see `read_attachments`.
    """
    report = notification.report
    assert report is not None, "BUG: a message about no report"
    title, link = clean(report.title(t.lang)), find_report_link(report, site)
    attachments = attach(report.files)
    lead = t("notify.report.lead", number=clean(report.number), issue=report.issue)
    notes = [*_describe_files(report, attachments, t), *([link] if link else [])]
    footer = t("notify.footer", instance=site.instance)
    summary = report.summary(t.lang).strip()
    plain = _MARKUP.sub("", summary)
    rows = [build_paragraph(_split_bold(line)) for line in summary.splitlines() if line.strip()]
    rows += [build_paragraph([(note, False)]) for note in notes]
    card = build_list(title, lead, rows, find_colour(MessageKind.REPORT, Severity.OK))
    return Message(
        key=key,
        kind=MessageKind.REPORT,
        severity=Severity.OK,
        t_ms=notification.t_ms,
        subject=t("notify.report.subject", title=title),
        text="\n".join([lead, "", plain, "", *notes, "", footer]),
        html=build_page(title, lead, [card], footer, t.lang),
        link=link,
        markdown="\n".join([summary, "", *notes]),
        attachments=attachments,
        notifications=(notification,),
    )


def _split_bold(line: str) -> list[tuple[str, bool]]:
    """The parts of a line of Markdown without its markup, each with whether it is bold."""
    return [
        (_MARKUP.sub("", part), bool(at % 2)) for at, part in enumerate(_BOLD.split(line)) if part
    ]


def find_report_link(report: NotifiedReport, site: Site) -> str:
    """Where the dashboard shows a report; empty without an address of it."""
    if not site.external_url:
        return ""
    return f"{site.external_url.rstrip('/')}/reports/{report.number}"


def _describe_files(
    report: NotifiedReport, attachments: Sequence[Attachment], t: Texts
) -> list[str]:
    attached = {one.name for one in attachments}
    groups = (
        ("notify.report.attached", [one for one in report.files if one.name in attached]),
        ("notify.report.files", [one for one in report.files if one.name not in attached]),
    )
    return [
        t(
            key,
            files=", ".join(f"{one.name} ({t.number(one.size_bytes, 'bytes')})" for one in files),
        )
        for key, files in groups
        if files
    ]
