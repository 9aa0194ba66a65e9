"""Errors, patterns, comparison, routes, sessions and the access review of a real store."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import Any

import pytest

from cli.logs.conftest import N_CHAT, N_FAILED, N_NEW, N_NGINX
from support.product import jipyo

Options = tuple[str, ...]
ALL = N_CHAT + N_NGINX + N_FAILED + N_NEW


def read(logs: Options, *words: str) -> Any:
    result = jipyo("logs", *words, "--json", *logs)
    assert result.code == 0, result.err
    return json.loads(result.out)


def show(logs: Options, *words: str) -> str:
    result = jipyo("logs", *words, *logs)
    assert result.code == 0, result.err
    return result.out


def test_errors_have_a_share_services_and_templates(logs: Options) -> None:
    found = read(logs, "errors", "--since", "2h")
    assert (found["records"], found["errors"]) == (ALL, N_FAILED + N_NEW + 3)
    assert found["share"] == pytest.approx((N_FAILED + N_NEW + 3) / ALL)
    assert sum(found["errors_over_time"]) == found["errors"]
    assert [one["service"] for one in found["services"]] == ["chat", "nginx"]
    assert {one["n"] for one in found["templates"]} == {N_NEW, N_FAILED, 3}
    assert "error rate" in show(logs, "errors", "--since", "2h")


def test_templates_add_up_and_the_new_one_is_found(logs: Options, recent: Options) -> None:
    found = read(logs, "patterns")
    assert sum(one["n"] for one in found["templates"]) == found["total"] == ALL
    changes = read(logs, "patterns", *recent, "--baseline", "1h", "--new")["changes"]
    assert [one["change"]["kind"] for one in changes] == ["new"]
    assert "CUDA" in changes[0]["template"]["text"]
    assert changes[0]["change"]["n"] == N_NEW
    assert "new" in show(logs, "patterns", *recent, "--baseline", "1h", "--new")


def test_the_numbers_of_a_template_are_charted_without_a_rule(logs: Options) -> None:
    (one,) = read(logs, "patterns", "request")["templates"]
    values = read(logs, "patterns", "--numbers", one["id"])["values"]
    first, second = values["places"]
    assert (first["unit"], second["unit"], values["unread"]) == ("", "ms", 0)
    assert sorted(second["values"]) == [10 + s for s in range(1, N_CHAT + 1)]
    assert "place 2 ms" in show(logs, "patterns", "--numbers", one["id"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--numbers", "ffffffffffff"), "no record of this range has the template"),
        (("--baseline", "0s"), "not a duration"),
    ],
)
def test_a_template_that_is_not_there_is_an_error(logs: Options, words: Options, said: str) -> None:
    result = jipyo("logs", "patterns", *words, *logs)
    assert result.code == 2
    assert said in result.err.lower()


def test_an_incident_is_compared_with_the_time_before(logs: Options, recent: Options) -> None:
    found = read(logs, "compare", *recent, "--baseline", "50m")
    by_field = {each["field"]: each["comparison"] for each in found["fields"]}
    changed = {one["value"]: one["kind"] for one in by_field["level"]["changes"]}
    assert changed == {"error": "surging"}
    assert [one["change"]["kind"] for one in found["templates"]["changes"]] == ["new"]
    shown = show(logs, "compare", *recent, "--baseline", "50m")
    assert "surging" in shown
    assert "CUDA" in shown


def test_a_baseline_needs_both_ends(logs: Options) -> None:
    result = jipyo("logs", "compare", "--baseline-from", "-2h", *logs)
    assert result.code == 2
    assert "--baseline-to" in result.err


def test_routes_have_tps_errors_and_percentiles(logs: Options, hour: Options) -> None:
    found = read(logs, "routes", *hour)
    (route,) = found["routes"]
    assert (route["route"], route["requests"], route["errors"]) == ("/items/{n}", N_NGINX, 3)
    assert route["percentiles_s"] == [0.06, 0.114, 0.119]
    assert route["per_second"] == pytest.approx(N_NGINX / 3600, rel=0.01)
    assert "TPS" in show(logs, "routes", "--sort", "p95", *hour)


def test_sessions_are_counted_by_visitor(logs: Options, hour: Options) -> None:
    (service,) = read(logs, "sessions", *hour)["services"]
    summary = service["summary"]
    assert (service["service"], summary["sessions"], summary["visitors"]) == ("nginx", 3, 3)
    assert (summary["new_visitors"], summary["pages"]) == (3, N_NGINX)
    assert sorted(service["active"]) == ["user0", "user1", "user2"]
    assert "bounce" in show(logs, "sessions", *hour)


def test_without_visitors_it_says_what_sessions_need(logs: Options) -> None:
    result = jipyo("logs", "sessions", "--service", "chat", *logs)
    assert (result.code, result.out) == (0, "")
    assert "client.ip" in result.err


def test_the_access_review_counts_what_the_log_has(logs: Options) -> None:
    month = time.strftime("%Y-%m", time.gmtime())
    result = jipyo("logs", "access", month, *logs)
    assert "equal" in result.out
    found = read(logs, "access", month)
    assert found["services"] == ["nginx"]
    assert found["complete"]
    assert found["review"]["records"] == found["log_records"]
    assert found["review"]["accounts"] == 3
    rows = list(csv.DictReader(io.StringIO(show(logs, "access", month, "--csv"))))
    assert len(rows) == len(found["review"]["findings"])


@pytest.mark.parametrize("month", ["2026-13", "october", "2099-01"])
def test_a_month_that_is_none_is_an_error(logs: Options, month: str) -> None:
    result = jipyo("logs", "access", month, *logs)
    assert result.code == 2
    assert month in result.err
