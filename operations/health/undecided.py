"""Transactions that were accepted some time ago and have no decision.

The table has no index by decision, which would cost more than the decisions themselves. A table of up to
SAMPLE_BYTES is read whole; of a larger one a random part of that size, so that the cost has a bound.
"""

import random

from operations.health.check import Check, ok, wrong
from operations.repair.undecided import Period, TransactionTable
from shared.alarms import RUNBOOKS
from terminal.durations import in_words

SAMPLE_BYTES = 128 * 1024 * 1024
# A transaction is decided within seconds; after an error Lambda tries again for three minutes.
DELAY_SECONDS = 300
RUNBOOK = f"{RUNBOOKS}/undecided.md"


def check_undecided(table: TransactionTable, now_ms: int, scale: float) -> Check:
    """Whether transactions wait for their decision; `scale` shortens the delay on the embedded AWS."""
    size = table.size()
    parts = max(1, -(-size.bytes // SAMPLE_BYTES))
    delay_ms = max(int(DELAY_SECONDS * 1000 * scale), 1000)
    period = Period(0, now_ms - delay_ms)
    times = [
        int(item["received_at"]["N"])
        for item in table.sample_undecided(period, parts, random.randrange(parts))  # noqa: S311  # no secret
    ]
    scope = "" if parts == 1 else f" in a sample of 1/{parts} of the table"
    if not times:
        return ok("transactions", f"all are decided{scope}")
    oldest = in_words((now_ms - min(times)) / 1000)
    detail = f"{len(times)} are undecided{scope}, the oldest for {oldest}"
    return wrong("transactions", detail, runbook=RUNBOOK)
