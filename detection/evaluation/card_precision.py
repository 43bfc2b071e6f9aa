"""Card precision@100: the share of compromised accounts among the 100 accounts that score highest on a day.

The definition is that of the Fraud Detection Handbook (chapter 4, precision top-k). Accounts that are known
to be compromised do not count, because no investigator has to find them: accounts with a reported fraud, and
accounts found among the 100 on an earlier day. Days are in UTC. If several accounts share the score of the
last place, the places that are left are divided among them: this is the expected value of a random order.
"""

from collections import deque
from itertools import groupby
from math import fsum
from operator import itemgetter

from functions.common.domain.time_buckets import DAY_MS

ACCOUNTS_PER_DAY = 100


class CompromisedAccounts:
    """Accounts that are known to be compromised: a fraud was reported before the day began.

    A report arrives `delay_ms` after the fraud. Frauds before `since_ms` do not count, because the account
    has a new card by then.
    """

    def __init__(self, delay_ms: int, since_ms: int = 0) -> None:
        self._delay_ms = delay_ms
        self._since_ms = since_ms
        self._pending_reports: deque[tuple[int, str]] = deque()
        self._reported: set[str] = set()

    def add_fraud(self, account_id: str, time_ms: int) -> None:
        """Add a fraud, in order of time."""
        if time_ms >= self._since_ms:
            self._pending_reports.append((time_ms + self._delay_ms, account_id))

    def known_by(self, day: int) -> set[str]:
        """The accounts known when a day begins. Days are ascending; later calls extend the returned set."""
        begin_ms = day * DAY_MS
        while self._pending_reports and self._pending_reports[0][0] <= begin_ms:
            self._reported.add(self._pending_reports.popleft()[1])
        return self._reported


class CardPrecision:
    """Counts by day. Memory holds the accounts of one day and all accounts found so far."""

    def __init__(self, accounts_per_day: int = ACCOUNTS_PER_DAY) -> None:
        self._accounts_per_day = accounts_per_day
        self._day: int | None = None
        self._highest_scores: dict[str, float] = {}
        self._compromised: set[str] = set()
        # The probability that an account is not found yet, if it is not 1.
        self._unfound: dict[str, float] = {}
        self._found_by_day: list[float] = []

    def add(self, day: int, account_id: str, score: float, *, is_fraud: bool) -> None:
        """Add a transaction of an account that is not known to be compromised. Days are ascending."""
        if day != self._day:
            self._end_day()
            self._day = day
        if not self._unfound.get(account_id, 1.0):
            return
        if score > self._highest_scores.get(account_id, -1.0):
            self._highest_scores[account_id] = score
        if is_fraud:
            self._compromised.add(account_id)

    def mean(self) -> float | None:
        """The mean of the share over all days; None without a day."""
        self._end_day()
        self._day = None
        days = self._found_by_day
        return sum(days) / len(days) / self._accounts_per_day if days else None

    def _end_day(self) -> None:
        if self._day is None:
            return
        ordered = sorted(self._highest_scores.items(), key=lambda item: -item[1])
        places, found = float(self._accounts_per_day), 0.0
        for _, group in groupby(ordered, key=itemgetter(1)):
            unfound = {account_id: self._unfound.get(account_id, 1.0) for account_id, _ in group}
            needed = fsum(unfound.values())
            share = min(places / needed, 1.0)
            compromised = unfound.keys() & self._compromised
            found += share * fsum(unfound[account_id] for account_id in compromised)
            for account_id in compromised:
                self._unfound[account_id] = unfound[account_id] * (1 - share)
            places -= share * needed
            if places <= 0:
                break
        self._found_by_day.append(found)
        self._highest_scores.clear()
        self._compromised.clear()
