"""`Contracts`: the SLA sheets of a month, for scripts and notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from jipyo.api.json_object import JsonObject, to_plain
from jipyo.api.opening import Closing, Opening, explain
from jipyo.app.contract import build_contract_months, find_systems, parse_contract_month
from jipyo.i18n import texts
from jipyo.sla.profile_file import load_profile
from jipyo.web.api.sla import build_sheet

if TYPE_CHECKING:
    from jipyo.api.opening import SourceLike
    from jipyo.sla.month import ContractMonth


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ContractSheet(JsonObject):
    """The sheet of a system; `result` has every figure with its evidence."""

    result: ContractMonth

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`; as `/api/jipyo/sla` has it, in English."""
        return cast("dict[str, object]", to_plain(build_sheet(self.result, texts("en"))))

    def summary(self) -> str:
        """See `JsonObject`."""
        return (
            f"{self.result.system} {self.result.month.first_day:%Y-%m}: {self.result.total.rounded}"
        )


class Contracts(Closing):
    """The contracts of the systems in the site's configuration."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`."""
        self._opening = Opening(origin)

    def month(
        self, month: str | None = None, *, system: str | None = None, profile: str | None = None
    ) -> tuple[ContractSheet, ...]:
        """Work out the sheets of a month, of all systems under contract or of one.

        Args:
            month: as `2027-01`; by default the last one that is over.
            system: its name; by default all of them.
            profile: a built-in one or a `.yaml` file, in place of the systems' own.

        Raises:
            ConfigError: there is no such month, system or profile.
            SourceError: the source failed.
        """
        return explain(lambda: self._work_out(month, system, profile))

    def _work_out(
        self, month: str | None, system: str | None, profile: str | None
    ) -> tuple[ContractSheet, ...]:
        workspace = self._opening.open()
        period = parse_contract_month(month, workspace)
        systems = find_systems(workspace, period, system)
        own = load_profile(profile) if profile else None
        return tuple(map(ContractSheet, build_contract_months(workspace, period, systems, own)))

    def close(self) -> None:
        """See `Closing`."""
        self._opening.close()
