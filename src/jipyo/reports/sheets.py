"""The sheets of a month, each as a report of its own: inspection, and service levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.summary import STEP_MS
from jipyo.reports.document import Issuer, Report, phrase
from jipyo.reports.sections import contract, inspection
from jipyo.reports.sections.appendix import hash_catalogue

if TYPE_CHECKING:
    from jipyo.catalogue import Catalogue
    from jipyo.sla.inspection import InspectionSheet
    from jipyo.sla.month import ContractMonth


def build_inspection_report(
    sheet: InspectionSheet, catalogue: Catalogue, made_ms: int, issuer: Issuer
) -> Report:
    """The inspection sheet with the evidence of every cell."""
    return Report(
        kind="inspection",
        number=f"JIPYO-I-{sheet.period.first_day:%Y%m}",
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
    month: ContractMonth, catalogue: Catalogue, made_ms: int, issuer: Issuer
) -> Report:
    """The service-level sheet with the evidence of every line."""
    return Report(
        kind="sla",
        number=f"JIPYO-S-{month.month.first_day:%Y%m}-{month.issue}",
        title=phrase("contract.title"),
        period=month.month,
        cut_ms=month.end_ms,
        step_ms=STEP_MS,
        made_ms=made_ms,
        instances=(),
        catalogue=hash_catalogue(catalogue),
        state=contract.find_state(month),
        blocks=(*contract.build_contract(month), *contract.build_evidence(month)),
        issuer=issuer,
    )
