"""The profiles of all devices and IP addresses of a dataset, in little memory."""

from functions.common.domain.origin_profile import (
    OriginKind,
    OriginProfile,
    build_entry,
    find_origin,
)
from functions.common.domain.transaction_event import TransactionInserted

# An entry is shorter for any time before the year 10000.
_ENTRY_BITS = 64
_ENTRY_MASK = (1 << _ENTRY_BITS) - 1


class OriginTable:
    """Profiles by device or IP address. Most have one account, which is stored as one number."""

    def __init__(self) -> None:
        self._origins: dict[OriginKind, dict[str, int | dict[int, int]]] = {"device": {}, "address": {}}

    def use(self, transaction: TransactionInserted) -> OriginProfile | None:
        """Add the transaction to its origin. Returns the profile, None without a device and IP address.

        The profile contains the transaction or not, which changes no feature.
        """
        origin = find_origin(transaction)
        if origin is None:
            return None
        slot, entry = build_entry(transaction.account_id, transaction.timestamp)
        origins = self._origins[origin.kind]
        stored = origins.get(origin.identifier)
        if isinstance(stored, dict):
            stored[slot] = max(entry, stored.get(slot, 0))
            return OriginProfile(stored)
        if stored is None or stored >> _ENTRY_BITS == slot:
            entry = entry if stored is None else max(entry, stored & _ENTRY_MASK)
            origins[origin.identifier] = slot << _ENTRY_BITS | entry
            return OriginProfile()
        slots = {stored >> _ENTRY_BITS: stored & _ENTRY_MASK, slot: entry}
        origins[origin.identifier] = slots
        return OriginProfile(slots)
