"""Incidents within the server: folded in the transaction of each evaluation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.records import record_transitions
from jipyo.alerts.incident.rules import build_grouping

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from jipyo.alerts.alert import Transition
    from jipyo.alerts.options import AlertsOptions
    from jipyo.alerts.rule import Rule

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
"""What a target on this machine may be called."""


class IncidentRecorder:
    """Follows the evaluations, by the rules in force, which may change between two of them."""

    def __init__(self) -> None:
        """Without rules until `apply`."""
        self.grouping = IncidentGrouping()
        self._build: Callable[[Sequence[Rule]], IncidentGrouping] | None = None
        self._find_rules: Callable[[], Sequence[Rule]] = tuple
        self._rules: Sequence[Rule] | None = None

    def apply(
        self, rules: Callable[[], Sequence[Rule]], options: AlertsOptions, instance: str
    ) -> None:
        """Group by these options from the next evaluation on.

        Args:
            rules: gives the rules in force: as long as they are the same, the same object.
            options: what the site sets.
            instance: the name of this machine.
        """
        hosts = dict.fromkeys(LOCAL_NAMES, instance)
        self._build = partial(build_grouping, options=options, hosts=hosts)
        self._find_rules, self._rules = rules, None

    def follow(self, db: sqlite3.Connection, t_ms: int, transitions: Sequence[Transition]) -> None:
        """See `Alerting`: what the transitions make of incidents is of the same transaction."""
        if not transitions:
            return
        rules = self._find_rules()
        if self._build is not None and rules is not self._rules:
            self.grouping, self._rules = self._build(rules), rules
        record_transitions(db, transitions, self.grouping)
