"""Memory of a replay for each account, and for 10 million accounts.

Each figure is the slope between two numbers of accounts in processes of their own. Every account has two
devices and IP addresses, and there is a merchant for every 20 accounts.
"""

import gc
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from detection.data.columns import LabelledTransaction, batch_rows
from detection.replay.replay import replay_batches
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction_event import TransactionInserted

GOAL_GB = 16.0
GOAL_ACCOUNTS = 10_000_000
# Few against the numbers of transactions, so that the slope is that of the stored history.
_SEGMENT_ROWS = 8192
# Freed columns go back to the system at once, as those of 10 million accounts do: they are larger than 32 MB.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "65536"}
_BEGIN_MS = 1_780_000_000_000
_PERIOD_MS = 90 * DAY_MS
_ACCOUNTS_PER_MERCHANT = 20
_FRAUD_EVERY = 400
_GB = 10**9


class Case(NamedTuple):
    """Transactions of each account, and the two numbers of accounts to measure."""

    transactions: int
    accounts: tuple[int, int]


CASES = (Case(1, (100_000, 500_000)), Case(10, (20_000, 100_000)), Case(100, (4_000, 16_000)))
# 10 million accounts have 100 million transactions.
GOAL_CASE = CASES[1]


def main() -> bool:
    """Print one line per case. Returns True if 10 million accounts with 10 transactions fit."""
    goal_reached = False
    for case in CASES:
        per_account = _measure_slope(case)
        gigabytes = per_account * GOAL_ACCOUNTS / _GB
        print(
            f"Replay, {case.transactions} transactions an account: {per_account:,.0f} bytes an account;"
            f" {GOAL_ACCOUNTS:,} accounts: {gigabytes:.1f} GB"
        )
        if case == GOAL_CASE:
            goal_reached = gigabytes <= GOAL_GB
    print(
        f"Goal: at most {GOAL_GB:.0f} GB for {GOAL_CASE.transactions}; {'ok' if goal_reached else 'missed'}"
    )
    return goal_reached


def _measure_slope(case: Case) -> float:
    few, many = case.accounts
    peaks = [_measure_peak(accounts, case.transactions) for accounts in case.accounts]
    return (peaks[1] - peaks[0]) / (many - few)


def _measure_peak(accounts: int, transactions: int) -> int:
    """The peak memory of a replay in a process of its own, in bytes."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.replay_memory",
        *map(str, (accounts, transactions)),
    ]
    environment = {**os.environ, **_MALLOC}
    completed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return int(completed.stdout)


def _replay(accounts: int, transactions: int) -> None:
    """Replay without features, and print the peak memory."""
    rows = _make_rows(accounts, transactions)
    for _ in replay_batches(
        batch_rows(rows, _SEGMENT_ROWS),
        label_delay_ms=7 * DAY_MS,
        label_delay_days=7,
        from_ms=1 << 60,
        min_rows=_SEGMENT_ROWS,
        max_rows=_SEGMENT_ROWS,
    ):
        pass
    per_unit = 1 if sys.platform == "darwin" else 1 << 10
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * per_unit)


def _make_rows(accounts: int, transactions: int) -> Iterator[LabelledTransaction]:
    """Every account pays in turn, so that as many accounts as possible are idle at any time."""
    total = accounts * transactions
    merchants = max(accounts // _ACCOUNTS_PER_MERCHANT, 1)
    for number in range(total):
        account, turn = number % accounts, number // accounts
        timestamp = _BEGIN_MS + _PERIOD_MS * number // total
        transaction = TransactionInserted(
            transaction_id=f"t-{number}",
            timestamp=timestamp,
            account_id=f"account-{account:012}",
            merchant_id=f"merchant-{(account * 7 + turn * 13) % merchants:010}",
            amount=Decimal(100 + number * 7919 % 20_000) / 100,
            currency="EUR",
            channel="ecommerce",
            country=("DE", "FR", "US")[turn % 3 if account % 10 == 0 else 0],
            device_id=f"device-{account:012}-{turn // 5 % 2}",
            ip_address=f"10.{account >> 16 & 255}.{account >> 8 & 255}.{account & 255}",
            merchant_category=f"{5000 + turn % 12}",
            received_at=timestamp,
        )
        yield LabelledTransaction(transaction, number % _FRAUD_EVERY == 0, "")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        gc.disable()
        _replay(*map(int, sys.argv[1:]))
        sys.exit(0)
    sys.exit(0 if main() else 1)
