"""The tables of `alerts.db`, of all parts that have some, in the order in which they came."""

from __future__ import annotations

from jipyo.alerts import saved, silence_records
from jipyo.alerts.events import records as event_records
from jipyo.alerts.incident import records as incident_records
from jipyo.alerts.notify import outbox
from jipyo.app import report_request_records, report_runs, verification_records
from jipyo.app.alerts import removed
from jipyo.sla import entries

STEPS = (
    *saved.STEPS,
    *incident_records.STEPS,
    *event_records.STEPS,
    *silence_records.STEPS,
    *outbox.STEPS,
    *removed.STEPS,
    *report_runs.STEPS,
    *entries.STEPS,
    *report_request_records.STEPS,
    *verification_records.STEPS,
)
