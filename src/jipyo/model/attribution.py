"""Who answers for an outage, by the contract."""

from __future__ import annotations

from enum import Enum


class Attribution(Enum):
    """Who answers for an outage; set by a person."""

    OURS = "ours"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"
    FORCE_MAJEURE = "force_majeure"
