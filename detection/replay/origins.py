"""Features of devices and IP addresses: the other accounts that used them lately."""

from collections.abc import Iterable

import numpy as np

from detection.replay.segments import Floats, IdNumbers, Integers, Segment
from functions.common.domain.origin_features import WINDOWS_MINUTES
from functions.common.domain.origin_profile import SLOTS
from functions.common.domain.time_buckets import MINUTE_MS

_HOUR, _DAY, _MONTH = WINDOWS_MINUTES
_SLOT_BITS = 6

_Counts = tuple[float, float, float]
_NONE: _Counts = (0.0, 0.0, 0.0)


class OriginCounter:
    """The latest use of each origin by the accounts of a slot, by device and by IP address.

    Most origins have one slot: the minute of its latest use and the slot are one number.
    """

    def __init__(self, accounts: IdNumbers) -> None:
        self._accounts = accounts
        self._devices: dict[str, int | dict[int, int]] = {}
        self._addresses: dict[str, int | dict[int, int]] = {}

    def use(self, segment: Segment) -> list[Floats]:
        """Add the purchases of a segment. Returns the columns of `compute_origin_accounts`, in its order."""
        columns = np.full((len(segment), len(WINDOWS_MINUTES)), np.nan)
        has_device = segment.devices >= 0
        for rows, name, origins in (
            (np.flatnonzero(segment.is_purchase & has_device), "device_id", self._devices),
            (
                np.flatnonzero(segment.is_purchase & ~has_device & (segment.networks >= 0)),
                "ip_address",
                self._addresses,
            ),
        ):
            if len(rows):
                identifiers = segment.batch.texts[name].take(rows).to_pylist()
                slots = self._accounts.hashes(segment.accounts[rows]) % SLOTS
                minutes = segment.times[rows] // MINUTE_MS
                columns[rows] = _count_accounts(origins, identifiers, slots, minutes)
        return list(columns.T)


def _count_accounts(
    origins: dict[str, int | dict[int, int]], identifiers: Iterable[str], slots: Integers, minutes: Integers
) -> list[_Counts]:
    """The other slots of each origin within an hour, a day and a month before the use that is added."""
    counts = []
    for identifier, slot, minute in zip(identifiers, slots.tolist(), minutes.tolist(), strict=True):
        stored = origins.get(identifier)
        if isinstance(stored, dict):
            counts.append(_count_slots(stored, slot, minute))
            stored[slot] = minute
        elif stored is None or stored % SLOTS == slot:
            counts.append(_NONE)
            origins[identifier] = minute << _SLOT_BITS | slot
        else:
            uses = {stored % SLOTS: stored >> _SLOT_BITS}
            counts.append(_count_slots(uses, slot, minute))
            origins[identifier] = {**uses, slot: minute}
    return counts


def _count_slots(uses: dict[int, int], own: int, minute: int) -> _Counts:
    hour = day = month = 0
    for slot, used in uses.items():
        age = minute - used
        if slot != own and age < _MONTH:
            month += 1
            if age < _DAY:
                day += 1
                hour += age < _HOUR
    return hour, day, month
