"""What series are called, on the dashboard, in reports and in the terminal alike."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from jipyo.i18n import escape_controls
from jipyo.model.labels import METRIC_NAME
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.labels import Labels

SEPARATOR = " · "
_TARGETS = ("instance", "job", "model")
"""Labels that come first, and whose values need no name beside them even as numbers."""
_DISPLAY_NAMES = {"gpu": "GPU"}
_MACHINE_IDS = ("UUID",)
"""Labels that tell series apart for machines; people have another beside them."""


def name_series(labels: Labels) -> str:
    """A series by its labels: `host1 · cpu 0`, `host1 · eth0`; empty without any.

    A value that begins with a digit has its label's name beside it. The job is left out
    where there is an instance. The source that a series is from follows its target.
    """
    names = sorted(
        set(labels) - {METRIC_NAME}, key=lambda name: (name not in _TARGETS, name != SOURCE, name)
    )
    if "instance" in names and "job" in names:
        names.remove("job")
    words = (
        f"{_DISPLAY_NAMES.get(name, name)} {labels[name]}"
        if name not in _TARGETS and labels[name][:1].isdigit()
        else labels[name]
        for name in names
    )
    return escape_controls(SEPARATOR.join(words))


def name_member(labels: Labels, instance: str = "") -> str:
    """A series for people, beside the name of its metric: `GPU 2`, `host1 · GPU 2`.

    The target is left out where its instance is this one, and ids of machines always are.
    """
    is_own = labels.get("instance") == instance
    return name_series(labels.drop((*_MACHINE_IDS, *_TARGETS[:2] * is_own)))


def name_host(source: str, instance: str) -> str:
    """A host by the source that sees it, empty for the embedded one: `web-1`, `web-1 (prod)`."""
    return f"{instance} ({source})" if source else instance


def name_series_apart(series: Sequence[Labels]) -> tuple[str, ...]:
    """Names for series beside one another, without the labels that all of them share.

    Where that leaves two with one name, they are distinguished by all their labels, each with
    its name: `job api`.
    """
    shared: set[str] = set()
    if len(series) > 1:
        pairs = set.intersection(*(set(labels.pairs) for labels in series))
        shared = {name for name, _ in pairs} | {METRIC_NAME}
    short = [name_series(labels.drop(shared)) or name_series(labels) for labels in series]
    count = Counter(short)
    in_full = (
        escape_controls(
            SEPARATOR.join(f"{label} {value}" for label, value in labels.drop(shared).items())
        )
        or name
        for name, labels in zip(short, series, strict=True)
    )
    return tuple(
        name if count[name] == 1 else full for name, full in zip(short, in_full, strict=True)
    )
