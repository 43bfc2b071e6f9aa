"""The latest values that accounts used: countries, devices, categories, merchants and networks."""

from itertools import chain, pairwise

import numpy as np

from detection.replay.segments import MISSING, Flags, Integers

NEVER = -(1 << 62)
"""The value is not among the latest ones of the account."""
NO_VALUES = NEVER - 1
"""The account has no values yet."""
# The bits of a minute since 1970, with its sign.
_MINUTE_BITS = 34


class RecentValues:
    """The latest `limit` values of each account by latest use, with the minute of their first use."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._accounts = np.zeros(0, np.int32)
        self._values = np.zeros(0, np.uint32)
        self._minutes = np.zeros(0, np.int32)
        # The values that the last uses replaced: the position of the use, and the minute of the first use.
        self._replaced: list[tuple[int, int]] = []

    def use_and_count(
        self, accounts: Integers, values: Integers, minutes: Integers, within: int
    ) -> tuple[Integers, Integers]:
        """Add uses as `use` does. Also returns the number of values that are new before each of them.

        A value is new for `within` minutes from its first use.
        """
        stored_accounts, stored_minutes = self._accounts, self._minutes
        firsts = self.use(accounts, values, minutes)
        if not len(accounts):
            return firsts, np.zeros(0, np.int64)
        is_new = np.flatnonzero((firsts <= NEVER) & (values != MISSING))
        replaced = np.array(self._replaced, np.int64).reshape(-1, 2)
        stored = stored_minutes > int(minutes.min()) - within
        owners = stored_accounts[stored].astype(np.int64)
        changes = (
            (np.searchsorted(accounts, owners), owners, stored_minutes[stored], 1),
            (is_new + 1, accounts[is_new], minutes[is_new], 1),
            (replaced[:, 0] + 1, accounts[replaced[:, 0]], replaced[:, 1], -1),
        )
        keys = (accounts.astype(np.int64) << _MINUTE_BITS) + minutes
        differences = np.zeros(len(accounts) + 1, np.int64)
        for begins, owners, first, change in changes:
            # The account's first use that is at least `within` minutes after the first use of the value.
            ends = np.searchsorted(keys, (owners << _MINUTE_BITS) + first + within)
            np.add.at(differences, begins, change)
            np.add.at(differences, np.maximum(ends, begins), -change)
        return firsts, np.cumsum(differences[:-1])

    def use(self, accounts: Integers, values: Integers, minutes: Integers) -> Integers:
        """Add uses, ordered by account and time. Returns the minute of the first use before each of them.

        It is NEVER for a new value, and NO_VALUES for an account without any or a missing value.
        """
        firsts = np.full(len(accounts), NO_VALUES)
        used = np.flatnonzero(values != MISSING)
        self._replaced = []
        if len(used):
            firsts[used] = self._use(accounts[used], values[used], minutes[used])
            self._replaced = [(int(used[position]), minute) for position, minute in self._replaced]
        return firsts

    def _use(self, accounts: Integers, values: Integers, minutes: Integers) -> list[int]:
        is_active = np.zeros(max(int(accounts[-1]), int(self._accounts.max(initial=0))) + 1, np.bool_)
        is_active[accounts] = True
        is_stored = is_active[self._accounts]
        stored = np.flatnonzero(is_stored)
        stored = stored[np.argsort(self._accounts[stored], kind="stable")]
        owners, begins = np.unique(self._accounts[stored], return_index=True)
        spans = dict(zip(owners.tolist(), pairwise([*begins.tolist(), len(stored)]), strict=True))
        stored_values, stored_minutes = self._values[stored].tolist(), self._minutes[stored].tolist()
        limit = self._limit
        firsts = []
        latest: dict[int, int] = {}
        by_account: dict[int, dict[int, int]] = {}
        current = None
        for account, value, minute in zip(accounts.tolist(), values.tolist(), minutes.tolist(), strict=True):
            if account != current:
                current = account
                span = slice(*spans.get(account, (0, 0)))
                latest = dict(zip(stored_values[span], stored_minutes[span], strict=True))
                by_account[account] = latest
            first = latest.pop(value, None)
            if first is not None:
                latest[value] = first
                firsts.append(first)
                continue
            firsts.append(NEVER if latest else NO_VALUES)
            latest[value] = minute
            if len(latest) > limit:
                self._replaced.append((len(firsts) - 1, latest.pop(next(iter(latest)))))
        self._store(~is_stored, by_account)
        return firsts

    def _store(self, kept: Flags, by_account: dict[int, dict[int, int]]) -> None:
        """Replace the stored values, except those to keep."""
        counts = list(map(len, by_account.values()))
        values = np.fromiter(chain.from_iterable(by_account.values()), np.uint32, sum(counts))
        minutes = np.fromiter(
            chain.from_iterable(latest.values() for latest in by_account.values()), np.int32, sum(counts)
        )
        owners = np.repeat(np.array(list(by_account), np.int32), counts)
        self._accounts = np.concatenate((self._accounts[kept], owners))
        self._values = np.concatenate((self._values[kept], values))
        self._minutes = np.concatenate((self._minutes[kept], minutes))
