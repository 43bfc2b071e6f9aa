"""Card precision@100: of the 100 accounts that score highest on a day, how many are really misused.

As the Fraud Detection Handbook measures it (chapter 4, precision top-k): what an investigator's day is worth.
Accounts known to be compromised are left out, because nobody has to find them: those of which fraud was
reported, and those found among the 100 of a day before. Days are UTC.
"""

from collections import deque

from detection.data.dates import DAY_MS

LOOKED_AT = 100


class KnownAccounts:
    """Accounts of which fraud was reported before the day began.

    A report comes `delay_ms` after a fraud. Frauds before `since_ms` do not count: no account stays
    compromised for ever, it gets a new card.
    """

    def __init__(self, delay_ms: int, since_ms: int = 0) -> None:
        self._delay_ms = delay_ms
        self._since_ms = since_ms
        self._coming: deque[tuple[int, str]] = deque()
        self._known: set[str] = set()

    def fraud(self, account_id: str, time_ms: int) -> None:
        """A fraud; in order of time."""
        if time_ms >= self._since_ms:
            self._coming.append((time_ms + self._delay_ms, account_id))

    def on(self, day: int) -> set[str]:
        """The accounts known when that day began, days in ascending order; the set grows with later days."""
        begin_ms = day * DAY_MS
        while self._coming and self._coming[0][0] <= begin_ms:
            self._known.add(self._coming.popleft()[1])
        return self._known


class CardPrecision:
    """Takes transactions by day; in memory are the accounts of one day, and those found."""

    def __init__(self, looked_at: int = LOOKED_AT) -> None:
        self._looked_at = looked_at
        self._day: int | None = None
        self._highest: dict[str, float] = {}
        self._misused: set[str] = set()
        self._found: set[str] = set()
        self._found_by_day: list[int] = []

    def add(self, day: int, account_id: str, score: float, *, is_fraud: bool) -> None:
        """A transaction of an account that is not known; days in ascending order."""
        if day != self._day:
            self._end_day()
            self._day = day
        if account_id in self._found:
            return
        if score > self._highest.get(account_id, -1.0):
            self._highest[account_id] = score
        if is_fraud:
            self._misused.add(account_id)

    def mean(self) -> float | None:
        """The share, as the mean over the days so far; None without any day."""
        self._end_day()
        self._day = None
        days = self._found_by_day
        return sum(days) / len(days) / self._looked_at if days else None

    def _end_day(self) -> None:
        if self._day is None:
            return
        # Where scores are equal, the account's name decides: any order would do, but always the same one.
        ordered = sorted(self._highest.items(), key=lambda item: (-item[1], item[0]))
        found = {account_id for account_id, _ in ordered[: self._looked_at]} & self._misused
        self._found_by_day.append(len(found))
        self._found |= found
        self._highest.clear()
        self._misused.clear()
