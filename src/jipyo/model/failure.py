"""Why a target could not be read, as a closed set of reasons that fits into a label."""

from __future__ import annotations

from enum import Enum

FAILURES = "jipyo_collect_target_failures"
"""The series that the loop writes beside `up` while a target fails: failed readings in a row."""
PROBE_FAILURE = "jipyo_probe_failure"
"""The series of a probe that failed: 1."""


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
    BAD_RESPONSE = "bad_response"
    UNEXPECTED_BODY = "unexpected_body"
    OVER_LIMIT = "over_limit"
    DRIVER = "driver"
    DEVICE_LOST = "device_lost"
    UNREADABLE = "unreadable"
    OTHER = "other"
