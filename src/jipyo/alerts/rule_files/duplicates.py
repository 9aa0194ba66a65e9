"""Rules that are there twice, of which one overwrites what the other gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.alerts.rule_files.values import FileRule, RuleGroup


def find_duplicates(groups: Sequence[RuleGroup]) -> Iterator[tuple[FileRule, FileRule]]:
    """Each rule with the name and labels of one before it, and that one."""
    first: dict[object, FileRule] = {}
    for group in groups:
        for rule in group.rules:
            known = first.setdefault((rule.record, rule.alert, rule.labels), rule)
            if known is not rule:
                yield rule, known
