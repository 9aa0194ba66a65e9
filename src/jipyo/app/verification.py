"""A report computed again from the store or server, as of its moment, by what it was made with."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson
import yaml

from jipyo.app.archive import CATALOGUE_FILE, CONFIGURATION_FILE
from jipyo.app.contract import build_contract_months, find_systems
from jipyo.app.inspection import build_sheet, find_system
from jipyo.app.offline import load_catalogue, read_workspace
from jipyo.app.reports import build_incident_document, build_report
from jipyo.catalogue import Catalogue, Metric
from jipyo.config.load import parse
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import ConfigError, JipyoError, ReportError
from jipyo.model.plain_types import PlainTypes
from jipyo.model.progress import ignore_progress
from jipyo.reports.document import INCIDENT_KIND, Heading
from jipyo.reports.options import KINDS
from jipyo.reports.outline import DETAILS
from jipyo.reports.sections.appendix import hash_catalogue
from jipyo.reports.sheets import build_contract_report, build_inspection_report
from jipyo.reports.verify.verification import (
    Recomputation,
    Verification,
    compare_with_recomputed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.model.progress import Progress
    from jipyo.reports.document import Report
    from jipyo.reports.verify.targets import VerificationTarget

_SETTINGS = ("slo", "systems", "inspection", "alerts")
"""What a report rests on, beside the catalogue and the samples."""


def verify_target(
    config: Config,
    target: VerificationTarget,
    progress: Progress = ignore_progress,
    *,
    files_only: bool = False,
) -> Verification:
    """Compute a report again and compare; what fails is a reason for what is not verified.

    Args:
        config: where the samples are, and what holds where the issue says nothing.
        target: the report, with the catalogue and the configuration that it was made with.
        progress: as for the building of a report.
        files_only: whether to check the files, and compute nothing.
    """
    if files_only or target.report is None:
        return Verification(target=target, recomputation=Recomputation(reasons=target.unreadable))
    notes: tuple[JipyoError, ...] = ()
    try:
        settings, notes = _restore_settings(config, target.attachments)
        again = recompute(settings, target.report, target.attachments, progress)
    except JipyoError as error:
        recomputation = Recomputation(reasons=(error,))
    else:
        recomputation = compare_with_recomputed(target.report, again)
    return Verification(target=target, recomputation=recomputation, notes=notes)


def recompute(
    config: Config, printed: Report, attachments: Mapping[str, bytes], progress: Progress
) -> Report:
    """The report as the samples give it now, at its moment and by its catalogue.

    Raises:
        ReportError: its catalogue is gone, or there is no such kind of report.
        JipyoError: what it is made of cannot be read.
    """
    catalogue = _find_catalogue(config, printed, attachments)
    with read_workspace(config, is_forkable=True) as workspace:
        then = replace(
            workspace,
            catalogue=catalogue,
            zone=ZoneInfo(printed.period.zone),
            now_ms=lambda: printed.made_ms,
        )
        return build_again(then, printed, progress)


def build_again(workspace: Workspace, printed: Report, progress: Progress) -> Report:
    """The report of the same kind and period from a workspace.

    Raises:
        ReportError: there is no such kind of report.
        JipyoError: what it is made of cannot be read.
    """
    kind, _, system = printed.kind.partition("-")
    made_ms, issuer = printed.made_ms, workspace.issuer
    if kind in KINDS.values():
        return build_report(workspace, printed.period, progress, details=_has_details(printed))
    if kind == INCIDENT_KIND and system.isdecimal():
        return build_incident_document(workspace, int(system))
    if kind == "sla":
        systems = find_systems(workspace, printed.period, system)
        (month,) = build_contract_months(workspace, printed.period, systems, None, progress)
        return build_contract_report(month, workspace.catalogue, made_ms, issuer, workspace.lang)
    if kind == "inspection" and workspace.config is not None:
        chosen = find_system(workspace, system or None)
        sheet = build_sheet(workspace.config, workspace, printed.period, chosen, progress, made_ms)
        return build_inspection_report(sheet, workspace.catalogue, made_ms, issuer)
    raise ReportError("verify.unknown_kind", kind=printed.kind)


def _has_details(report: Report) -> bool:
    """Whether it was made with every metric."""
    last = f"chapter-{DETAILS}"
    return any(isinstance(block, Heading) and block.id == last for block in report.blocks)


def _restore_settings(
    config: Config, attachments: Mapping[str, bytes]
) -> tuple[Config, tuple[JipyoError, ...]]:
    """The configuration with what held when the report was made, and what has changed since."""
    if CONFIGURATION_FILE not in attachments:
        return config, ()
    then: Any = yaml.safe_load(attachments[CONFIGURATION_FILE])
    changed = [name for name in _SETTINGS if then.get(name) != config.values.get(name)]
    if not changed:
        return config, ()
    note = ReportError("verify.other_settings", keys=", ".join(changed))
    with contextlib.suppress(ConfigError):
        text = yaml.safe_dump({name: then[name] for name in changed if name in then})
        settings = parse(text, str(config.file or CONFIGURATION_FILE))
        kept = {name: getattr(settings, name) for name in changed if name in then}
        return replace(config, settings=replace(config.settings, **kept)), (note,)
    return config, (note,)


def _find_catalogue(config: Config, printed: Report, attachments: Mapping[str, bytes]) -> Catalogue:
    """The catalogue that the report was made with: the site's own, or that of the issue.

    Raises:
        ReportError: it is neither.
    """
    for catalogue in _list_catalogues(config, attachments):
        if hash_catalogue(catalogue) == printed.catalogue:
            return catalogue
    raise ReportError(
        "verify.other_catalogue",
        hint="verify.other_catalogue.hint",
        printed=printed.catalogue[:12],
        site=hash_catalogue(load_catalogue(config))[:12],
    )


def _list_catalogues(config: Config, attachments: Mapping[str, bytes]) -> Iterator[Catalogue]:
    yield load_catalogue(config)
    if CATALOGUE_FILE in attachments:
        yield read_catalogue_file(attachments[CATALOGUE_FILE])


def read_catalogue_file(content: bytes) -> Catalogue:
    """The catalogue of an issue.

    Raises:
        ReportError: it is not one.
    """
    try:
        catalogue, mistakes = _find_types().read(orjson.loads(content))
    except orjson.JSONDecodeError as error:
        raise ReportError("verify.not_a_catalogue", reason=str(error)) from error
    if mistakes:
        reason = f"{mistakes[0].path}: {mistakes[0].found}"
        raise ReportError("verify.not_a_catalogue", reason=reason)
    assert isinstance(catalogue, Catalogue)
    return catalogue


@cache
def _find_types() -> PlainTypes:
    from collections.abc import Mapping  # noqa: PLC0415 - the name, for the annotations

    return PlainTypes(Catalogue, {"Mapping": Mapping, "Bilingual": Bilingual, "Metric": Metric})
