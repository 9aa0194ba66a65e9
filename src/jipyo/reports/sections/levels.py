"""The service level objectives as of the end of the report: compliance, budget, burn rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.slo import wording
from jipyo.analysis.slo.budget import DAY_MS
from jipyo.analysis.slo.result import RefusalReason
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Origin
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.reports.document import (
    Badge,
    Heading,
    Joined,
    Note,
    Subject,
    Table,
    phrase,
)
from jipyo.reports.sections.objectives import RESULT_STATES
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.slo.result import SloResult
    from jipyo.i18n import Texts
    from jipyo.reports.document import Block, Phrase


def select_levels(results: Sequence[SloResult]) -> tuple[SloResult, ...]:
    """The results worth a row: not those of the specification for what is not there."""
    return tuple(
        result
        for result in results
        if result.objective.origin is Origin.SITE
        or result.refusal is None
        or result.refusal.reason is not RefusalReason.NO_DATA
    )


def build_levels(results: Sequence[SloResult], zone: ZoneInfo) -> Iterator[Block]:
    """The table of objectives with their budgets, and a note for what it cannot say."""
    if not results:
        return
    yield Heading("slo", phrase("reports.section.slo"))
    yield Table(
        id="slo",
        caption=phrase("reports.slo.caption"),
        columns=build_heads(LEVEL_COLUMNS),
        rows=tuple(build_row(LEVEL_COLUMNS, result) for result in results),
    )
    remarks = tuple(_list_remarks(results, zone))
    if remarks:
        yield Note(Joined(remarks, "  ·  "))


def _list_remarks(results: Sequence[SloResult], zone: ZoneInfo) -> Iterator[Phrase]:
    for result in results:
        remarks = zip(
            *(wording.list_remarks(result, texts(lang), zone) for lang in ("ko", "en")), strict=True
        )
        for ko, en in remarks:
            text = Bilingual(ko, en)
            yield phrase("reports.slo.remark", subject=_show_subject(result), text=text)


def _show_subject(result: SloResult) -> Subject:
    return Subject(result.objective.name, result.name)


def say(describe: Callable[[Texts], str]) -> Bilingual:
    """A text that is worded outside of the report, in both languages."""
    return Bilingual(describe(texts("ko")), describe(texts("en")))


def _show_burn(result: SloResult) -> Bilingual | None:
    burns = [one for one in result.burn_rates if one.window_ms == DAY_MS]
    return say(lambda t: wording.describe_burn_rate(burns[0], t)) if burns else None


LEVEL_COLUMNS: tuple[TableColumn[SloResult], ...] = (
    TableColumn("slo", _show_subject, numeric=False),
    TableColumn(
        "slo_promise",
        lambda one: say(lambda t: wording.describe_promise(one.objective, t)),
        numeric=False,
    ),
    TableColumn(
        "slo_period",
        lambda one: say(lambda t: wording.describe_period(one.objective.period, t)),
        numeric=False,
    ),
    TableColumn("slo_bad", lambda one: say(lambda t: wording.describe_bad(one, t))),
    TableColumn(
        "slo_reached",
        lambda one: say(lambda t: wording.describe_share(one.objective, one.compliance, t)),
    ),
    TableColumn("slo_left", lambda one: say(lambda t: wording.describe_budget_left(one, t))),
    TableColumn("slo_burn", _show_burn),
    TableColumn(
        "result",
        lambda one: Badge(
            RESULT_STATES[one.result] if one.refusal is None else State.UNKNOWN,
            phrase(f"slo.result.{one.refusal.reason.value if one.refusal else one.result.value}"),
        ),
        numeric=False,
    ),
)
