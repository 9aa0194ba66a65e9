"""The sheets of a month, each as a report of its own: inspection, and service levels."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from jipyo.analysis.window import STEP_MS
from jipyo.reports.document import Issuer, Report, phrase
from jipyo.reports.sections import contract, inspection
from jipyo.reports.sections.appendix import hash_catalogue

if TYPE_CHECKING:
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Lang
    from jipyo.sla.inspection import InspectionSheet
    from jipyo.sla.month import ContractMonth


EVIDENCE = frozenset({"inspection-rules", "contract-evidence"})
"""The headings from which on the sheets have only evidence."""


def drop_evidence(report: Report) -> Report:
    """The sheet without the evidence of its figures, which has hundreds of lines."""
    shown = takewhile(lambda block: getattr(block, "id", "") not in EVIDENCE, report.blocks)
    return replace(report, blocks=tuple(shown))


def build_inspection_report(
    sheet: InspectionSheet, catalogue: Catalogue, made_ms: int, issuer: Issuer
) -> Report:
    """The inspection sheet with the evidence of every cell."""
    return Report(
        kind="-".join(filter(None, ("inspection", sheet.system))),
        number="-".join(filter(None, (f"JIPYO-I-{sheet.period.first_day:%Y%m}", sheet.system))),
        title=phrase("inspection.title"),
        period=sheet.period,
        cut_ms=sheet.cut_ms,
        step_ms=STEP_MS,
        made_ms=made_ms,
        instances=(),
        catalogue=hash_catalogue(catalogue),
        state=sheet.state,
        blocks=(
            *inspection.build_inspection(sheet, catalogue),
            *inspection.build_evidence(sheet, catalogue),
        ),
        issuer=issuer,
    )


def build_contract_report(
    month: ContractMonth, catalogue: Catalogue, made_ms: int, issuer: Issuer, lang: Lang
) -> Report:
    """The service-level sheet with the evidence of every line."""
    return Report(
        kind=f"sla-{month.system}",
        number=f"JIPYO-S-{month.month.first_day:%Y%m}-{month.system}",
        title=phrase("contract.title"),
        period=month.month,
        cut_ms=month.end_ms if month.is_provisional else month.month.end_ms,
        step_ms=STEP_MS,
        made_ms=made_ms,
        instances=(),
        catalogue=hash_catalogue(catalogue),
        state=contract.find_state(month),
        blocks=(*contract.build_contract(month), *contract.build_evidence(month)),
        issuer=replace(issuer, system=month.system_name(lang)),
    )
