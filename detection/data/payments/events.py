"""Payments as columns, before they get their text."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

UNKNOWN = -1
SCENARIOS = (
    "",
    "card_testing",
    "account_takeover",
    "skimmed_cards",
    "bust_out",
    "mule_merchants",
    "friendly_fraud",
)
"""The kinds of fraud by number. 0 is genuine."""


@dataclass(frozen=True)
class Events:
    """Payments. `times`: milliseconds since the start. `euros`: the amount before it is rounded.

    All other columns are numbers of entities; UNKNOWN is an empty field. `places`: the country of the card or
    of the IP address. `currencies`: the country whose currency is paid. `scenarios`: see SCENARIOS.
    """

    times: Numbers
    accounts: Numbers
    merchants: Numbers
    euros: Floats
    places: Numbers
    currencies: Numbers
    devices: Numbers
    addresses: Numbers
    scenarios: Numbers

    def __len__(self) -> int:
        return len(self.times)

    def select(self, rows: Numbers | Flags) -> "Events":
        """The events of these rows, in their order."""
        return Events(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def join_events(parts: Sequence[Events]) -> Events:
    """All events of the parts, part by part."""
    return Events(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Events)
        }
    )


def draw_flags(random: Generator, share: float, count: int) -> Flags:
    """`count` random flags. About this share of them is true."""
    return random.random(count) < share
