"""The folder of a demonstration: marked, gone on with, and never mixed with real data."""

from __future__ import annotations

import json
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest

from demo.test_write import MONTH
from jipyo.app.demonstration import is_demonstration
from jipyo.app.logs import open_logs
from jipyo.app.offline import read_workspace
from jipyo.cli.main import run
from jipyo.demo.folder import load_config, prepare_folder
from jipyo.demo.site import list_files, write_site
from jipyo.demo.story import plan_story
from jipyo.i18n import texts
from jipyo.logs.query import LogQuery
from jipyo.model.calendar import parse_month
from jipyo.model.errors import StoreError
from jipyo.model.result import Vector
from jipyo.reports.document import phrase
from jipyo.reports.work_log import read_work_log
from jipyo.sla.profile_file import load_profile

HOUR_MS = 3_600_000
NOW_MS = MONTH.start_ms + 11 * HOUR_MS
"""Late enough on the first day that people work, and a new day by UTC has begun."""


@contextmanager
def silent(_step):
    yield lambda _done, _total: None


def prepare(path, now_ms=NOW_MS, month=MONTH):
    return prepare_folder(path, month, now_ms, silent, days_before=0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("demo") / "made")


def count_samples(path, end_ms) -> tuple[int, float]:
    with read_workspace(load_config(path)) as workspace:
        values = []
        for query in ("sum(count_over_time({job!=''}[2d]))", "sum(http_requests_total)"):
            answer = workspace.source.instant(query, end_ms).value
            assert isinstance(answer, Vector)
            values.append(float(answer.values[0]))
    return int(values[0]), values[1]


def test_a_new_folder_has_samples_logs_and_files_and_is_marked(made):
    assert is_demonstration(made.path)
    config = load_config(made.path)
    assert config.data == made.path
    samples, requests = count_samples(made.path, NOW_MS)
    assert samples > 800_000
    assert requests > 10_000
    with open_logs(config) as logs:
        found = logs.find().templates(LogQuery(start_ns=0, end_ns=NOW_MS * 1_000_000))
    assert sum(one.n for one in found.templates) > 500
    with read_workspace(config) as workspace:
        assert workspace.issuer.marking == phrase("reports.demonstration")


def test_what_is_not_made_up_is_not_marked(tmp_path):
    assert not is_demonstration(tmp_path)


def test_running_it_again_goes_on_where_it_was(made):
    later_ms = NOW_MS + 3 * HOUR_MS
    before, requests = count_samples(made.path, NOW_MS)
    again = prepare(made.path, later_ms)
    assert again.until_ms == later_ms
    after, more = count_samples(made.path, later_ms)
    assert before < after < before + 3.1 * 240 * 700
    assert requests < more < requests * 3


def test_a_restarted_demonstration_gives_what_one_in_one_go_gives(made, tmp_path):
    later_ms = NOW_MS + 3 * HOUR_MS
    prepare(made.path, later_ms)
    whole = prepare(tmp_path / "whole", later_ms)
    assert count_samples(made.path, later_ms) == count_samples(whole.path, later_ms)


def test_a_file_that_a_person_changed_stays(made):
    file = made.path / "contract.yaml"
    file.write_text("base: international\n")
    prepare(made.path, NOW_MS + HOUR_MS)
    assert file.read_text() == "base: international\n"


def test_another_month_is_made_anew(tmp_path):
    first = prepare(tmp_path / "one", MONTH.start_ms + HOUR_MS)
    month = parse_month("2026-09", ZoneInfo("Asia/Seoul"))
    other = prepare(first.path, month.start_ms + HOUR_MS, month)
    assert json.loads((other.path / "demonstration.json").read_text())["month"] == "2026-09"
    assert (other.path / "work" / "2026-09.yaml").exists()
    assert not (other.path / "work" / "2026-10.yaml").exists()


def test_a_folder_with_real_data_is_refused_and_not_touched(tmp_path):
    (tmp_path / "samples.db").write_bytes(b"real")
    with pytest.raises(StoreError) as caught:
        prepare(tmp_path)
    assert caught.value.key == "demo.foreign_folder"
    assert [one.name for one in tmp_path.iterdir()] == ["samples.db"]


def test_nothing_real_is_collected_into_it(made, capsys):
    assert run(["up", "--data", str(made.path)], texts("en")) == 1
    assert "holds a demonstration" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{", "7", "\0", '{"format": 1, "month": "2026-10"}'])
def test_a_damaged_mark_is_told_or_made_anew(tmp_path, text):
    (tmp_path / "demonstration.json").write_text(text)
    if text.startswith('{"'):
        assert prepare(tmp_path, MONTH.start_ms + HOUR_MS).until_ms
        return
    with pytest.raises(StoreError) as caught:
        prepare(tmp_path)
    assert caught.value.key == "demo.wrong_mark"


@pytest.mark.parametrize("month", ["2026-10", "2027-02"])
def test_the_files_of_the_site_can_be_read(tmp_path, month):
    story = plan_story(parse_month(month, ZoneInfo("Asia/Seoul")))
    write_site(tmp_path, story)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.yaml")} == {
        one.path for one in list_files(story)
    }
    config = load_config(tmp_path)
    tenants = config.settings.reports.tenants
    assert tenants is not None
    assert tenants.names["civil"]("ko") == "민원상담"
    assert load_profile(str(tmp_path / "contract.yaml")).indicators
    log = read_work_log(tmp_path / "work", story.month, story.zone)
    assert log is not None
    assert log.done[0].title == "portal v2.4.1 배포"
    assert len(log.actions) == 2


def test_a_demonstration_that_cannot_be_prepared_is_not_served(tmp_path, capfd):
    (tmp_path / "samples.db").write_bytes(b"real")
    assert run(["demo", "--folder", str(tmp_path), "--port", "0"], texts("en")) == 1
    streams = capfd.readouterr()
    assert "is not a demonstration" in streams.err
    assert "Demonstration dashboard" not in streams.out
