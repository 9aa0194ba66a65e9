"""Why a target could not be read, as a closed set of reasons that fits into a label."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.model.labels import Labels

FAILURES = "jipyo_collect_target_failures"
"""The series that the loop writes beside `up` while a target or what it probes fails: failed
readings in a row."""
PROBE_SUCCESS = "probe_success"
"""The series of a probe, of ours or of blackbox_exporter: 1, or 0 where it failed."""
PROBE_FAILURE = "jipyo_probe_failure"
"""The series of a probe of ours that failed: 1, with the reason as a label."""


class FailureReason(Enum):
    """Why a reading failed; the value is the label's, and the end of a text's key."""

    CONNECTION_REFUSED = "connection_refused"
    NAME_NOT_RESOLVED = "name_not_resolved"
    NO_ROUTE = "no_route"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    TLS = "tls"
    LOGIN_REFUSED = "login_refused"
    QUERIES_REFUSED = "queries_refused"
    HTTP_STATUS = "http_status"
    NOT_FOUND = "not_found"
    NOT_METRICS = "not_metrics"
    BAD_RESPONSE = "bad_response"
    UNEXPECTED_BODY = "unexpected_body"
    OVER_LIMIT = "over_limit"
    DRIVER = "driver"
    DEVICE_LOST = "device_lost"
    UNREADABLE = "unreadable"
    PROBE_FAILED = "probe_failed"
    OTHER = "other"


_REASONS = frozenset(reason.value for reason in FailureReason)


def parse_reason(labels: Labels) -> FailureReason | None:
    """The reason in the labels of a failure; None for one that we do not know."""
    reason = labels.get("reason", "")
    return FailureReason(reason) if reason in _REASONS else None
