"""Health check of transactions that were stored some time ago and have no decision.

The table has no index of decisions: it would cost more than the decisions. A table of up to SAMPLE_BYTES is
read as a whole, a larger one by a random sample of that size, which limits the cost.
"""

import random

from operations.health.check import Check, ok_check, wrong_check
from operations.repair.transaction_reader import Period, TransactionReader
from shared.alarms import RUNBOOKS
from terminal.durations import format_duration

SAMPLE_BYTES = 128 * 1024 * 1024
# A transaction is decided within seconds. After an error, Lambda retries for three minutes.
DELAY_SECONDS = 300
RUNBOOK = f"{RUNBOOKS}/undecided.md"


def check_undecided(reader: TransactionReader, now_ms: int, scale: float) -> Check:
    """Check for overdue decisions. `scale` shortens the delay on the embedded AWS."""
    size = reader.read_size()
    parts = max(1, -(-size.bytes // SAMPLE_BYTES))
    delay_ms = max(int(DELAY_SECONDS * 1000 * scale), 1000)
    period = Period(0, now_ms - delay_ms)
    part = random.randrange(parts)  # noqa: S311  # not a secret
    times = [int(item["received_at"]["N"]) for item in reader.sample_undecided(period, parts, part)]
    scope = "" if parts == 1 else f" in a sample of 1/{parts} of the table"
    if not times:
        return ok_check("transactions", f"all are decided{scope}")
    oldest = format_duration((now_ms - min(times)) / 1000)
    detail = f"{len(times)} are undecided{scope}, the oldest for {oldest}"
    return wrong_check("transactions", detail, runbook=RUNBOOK)
