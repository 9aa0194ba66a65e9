"""The examples of the OpenAPI document, recorded from a server: run me with its URL.

The server is one of `jipyo demo` with an issued report of its month; what is posted changes it.
Long lists and texts are cut, so that the document stays readable.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from socket import gethostname
from typing import Any
from urllib.parse import urlencode

import orjson
import urllib3

from jipyo.web.api.examples import FILE
from jipyo.web.api.openapi import OPERATIONS

MONTH, METRIC = "2026-10", "system.gpu.utilization"
LOGS = {"start": f"{MONTH}-05T00:00:00Z", "end": f"{MONTH}-06T00:00:00Z"}
ITEMS, NUMBERS, LETTERS = 1, 3, 300


def shorten(value: Any) -> Any:
    """The same with one item of a list of objects, three of a list of values, and short texts."""
    if isinstance(value, dict):
        return {name: shorten(inner) for name, inner in value.items()}
    if isinstance(value, list):
        is_plain = all(not isinstance(one, dict | list) for one in value)
        return [shorten(one) for one in value[: NUMBERS if is_plain else ITEMS]]
    if isinstance(value, str) and len(value) > LETTERS:
        return f"{value[:LETTERS]}…"
    return value


class Recorder:
    """Asks a server, and keeps the answers by operation."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet."""
        self._url = f"{url}/api/jipyo"
        self._operations = {one.id: one for one in OPERATIONS}
        self.examples: dict[str, Any] = {}

    def ask(
        self, id_: str, fields: dict[str, Any] | None = None, body: dict[str, Any] | None = None
    ) -> Any:
        """The whole answer of an operation; without a body its example is sent."""
        operation, fields = self._operations[id_], {"lang": "en", **(fields or {})}
        inside = {name: text for name, text in fields.items() if f"{{{name}}}" in operation.path}
        query = urlencode({name: fields[name] for name in fields.keys() - inside.keys()})
        sent = {**operation.example, **(body or {})} if operation.body else None
        url = f"{self._url}{operation.path.format(**inside)}?{query}"
        answer = urllib3.request(operation.method.upper(), url, json=sent, timeout=300)
        assert answer.status < 300, f"{id_}: {answer.status} {answer.data[:400]!r}"
        document = orjson.loads(answer.data)
        self.examples[id_] = shorten(document)
        return document

    def follow(self, id_: str) -> None:
        """Keep the first tail of a stream of events."""
        url = f"{self._url}{self._operations[id_].path}"
        fields = {"lang": "en", "metric": f"{METRIC}?step=60"}
        stream = urllib3.request(
            "GET",
            url,
            fields=fields,
            headers={"accept": "text/event-stream"},
            preload_content=False,
        )
        lines = iter(stream.readline, b"")
        while next(lines) != b"event: tail\n":
            pass
        self.examples[id_] = shorten(orjson.loads(next(lines).removeprefix(b"data: ")))
        stream.close()


def record(url: str) -> dict[str, Any]:
    """An answer of every operation, in an order in which there is something to answer."""
    recorder = Recorder(url)
    ask = recorder.ask
    for id_ in ("overview", "overviewDay", "metrics", "metricsDay", "slo", "months", "doctor"):
        ask(id_)
    for id_ in ("glossary", "targets", "status", "configuration", "alerts", "logsSources"):
        ask(id_)
    now_s = time.time()
    for id_ in ("metric", "metricFigures", "metricTrial", "metricOutlook"):
        ask(id_, {"id": METRIC, "start": now_s - 3600, "end": now_s, "step": 300})
    recorder.follow("live")
    record_month(recorder)
    record_incidents(recorder)
    record_logs(recorder)
    return dict(sorted(recorder.examples.items()))


def record_month(recorder: Recorder) -> None:
    """The sheets and reports of a month, and what people do there."""
    ask, of_month = recorder.ask, {"month": MONTH}
    for id_ in ("inspection", "sla", "month"):
        ask(id_, of_month)
    ask("postMonthsEntries", of_month, {"system": "ai-service"})
    ask("postReportsBuilds")
    ask("reportsBuilds")
    report = {"id": ask("reports", of_month)["reports"][0]["id"]}
    ask("postReportsVerification", report)
    ask("postReportsSign-off", report, {"step": "reviewed"})
    ask("postReportsSign-off", report)
    ask("report", report)


def record_incidents(recorder: Recorder) -> None:
    """Incidents and what people do about them."""
    ask = recorder.ask
    number = {"number": ask("incidents", {"state": "open"})["incidents"][0]["number"]}
    for id_ in ("postIncidentsAck", "postIncidentsNotes", "postIncidentsCause"):
        ask(id_, number)
    ask("incident", number)
    ask("incidentsFacts", number)
    recovered = ask("incidents", {"state": "recovered"})["incidents"][0]
    ask("postIncidentsClose", {"number": recovered["number"]})
    silence = ask("postSilences")
    ask("silences")
    ask("postSilencesExpire", {"id": silence["id"]})
    window = ask("postMaintenance")
    ask("maintenance")
    ask("postMaintenanceCancel", {"id": window["id"]})
    ask("postEvents")
    ask("events")


def record_logs(recorder: Recorder) -> None:
    """Lines, patterns and counts of a day."""
    lines = recorder.ask("logs", LOGS)["lines"]
    recorder.ask("logsContext", {"line": lines[0]["id"], "before": 1, "following": 1})
    for id_ in ("logsHistogram", "logsPatterns"):
        recorder.ask(id_, LOGS)


def write(examples: dict[str, Any]) -> None:
    """Write the file, with a folder and a host of no one's."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    folder = str(Path(examples["configuration"]["file"]).parent)
    text = orjson.dumps(examples, option=options).decode().replace(folder, "/srv/jipyo")
    FILE.write_text(text.replace(f'"{gethostname()}"', '"ops-1"'))


if __name__ == "__main__":
    write(record(sys.argv[1]))
