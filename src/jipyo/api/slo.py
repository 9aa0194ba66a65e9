"""`ServiceLevels`: the service level objectives, for scripts and notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from jipyo.analysis.slo import wording
from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.read import CountReader
from jipyo.api.json_object import JsonObject, to_plain
from jipyo.api.opening import Closing, Opening, explain
from jipyo.i18n import Lang, texts
from jipyo.model.errors import UnknownNameError
from jipyo.web.api.slo import build_result

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.analysis.slo.result import SloResult
    from jipyo.api.opening import SourceLike


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ServiceLevel(JsonObject):
    """What became of one objective, of one target; `result` has the exact counts."""

    result: SloResult
    zone: ZoneInfo

    def text(self, lang: Lang) -> str:
        """The counts and the budget in words, or why there are none."""
        t, refusal = texts(lang), self.result.refusal
        if refusal is not None:
            return wording.describe_refusal(self.result, refusal, t)
        return build_result(self.result, t, self.zone).text

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`; as `/api/jipyo/slo` has it, in English."""
        plain = to_plain(build_result(self.result, texts("en"), self.zone))
        return cast("dict[str, object]", plain)

    def summary(self) -> str:
        """See `JsonObject`."""
        left = wording.describe_budget_left(self.result, texts("en"))
        return f"{self.result.objective.id} {self.result.result.value}, budget left: {left}"


class ServiceLevels(Closing):
    """The objectives of the specification and of the site's configuration."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`."""
        self._opening = Opening(origin)

    def evaluate(
        self, name: str = "", *, at_ms: int | None = None, previous: bool = False
    ) -> tuple[ServiceLevel, ...]:
        """Count what was good, of all objectives or of one, for each of its targets.

        Args:
            name: of the objective; by default all of them.
            at_ms: count up to this moment (Unix milliseconds); by default now.
            previous: the whole period before the one of that moment.

        Raises:
            UnknownNameError: there is no objective of this name.
            SourceError: the source failed.
        """
        return explain(lambda: self._evaluate(name, at_ms, previous=previous))

    def _evaluate(
        self, name: str, at_ms: int | None, *, previous: bool
    ) -> tuple[ServiceLevel, ...]:
        workspace = self._opening.open()
        chosen = [one for one in workspace.objectives if name in ("", one.id)]
        if name and not chosen:
            raise UnknownNameError(name, tuple(one.id for one in workspace.objectives))
        now_ms = workspace.now_ms() if at_ms is None else at_ms
        reader = CountReader(workspace.source)
        results = evaluate_levels(reader, chosen, now_ms, workspace.zone, previous=previous)
        return tuple(ServiceLevel(result, workspace.zone) for result in results)

    def close(self) -> None:
        """See `Closing`."""
        self._opening.close()
