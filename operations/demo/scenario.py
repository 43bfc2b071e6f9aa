"""What a short run shows of the public simulation of card fraud: history, frauds, and their reports.

A day of the simulation has more transactions than a run can post. So a few merchants and accounts are
followed: terminals that were compromised, cards that were misused after a while, some where nothing happened.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from statistics import fmean

from detection.data.columns import Labelled
from detection.data.dates import DAY_MS
from detection.data.simulation import simulate
from functions.common.domain.transaction import Channel, Transaction
from functions.common.domain.transaction_event import TransactionInserted
from functions.labels.label import Label

# Of a customer, and of a terminal: the same each time.
COUNTRIES = ("DE", "FR", "ES", "NL", "IT")
TRADES: tuple[tuple[str, Channel], ...] = (
    ("5411", "card_present"),
    ("5812", "card_present"),
    ("5541", "card_present"),
    ("5912", "card_present"),
    ("5942", "ecommerce"),
    ("5651", "ecommerce"),
)


def dressed(simulated: TransactionInserted, transaction_id: str, run: str) -> Transaction:
    """The transaction as a client posts it, under that id; account and merchant are this run's own."""
    customer, terminal = _number(simulated.account_id), _number(simulated.merchant_id)
    category, channel = TRADES[terminal % len(TRADES)]
    return Transaction(
        transaction_id=transaction_id,
        account_id=f"{run}-customer-{customer:04}",
        merchant_id=f"{run}-terminal-{terminal:04}",
        amount=simulated.amount,
        currency=simulated.currency,
        timestamp=simulated.timestamp,
        channel=channel,
        country=COUNTRIES[customer % len(COUNTRIES)],
        device_id=f"device-{customer:04}" if channel == "ecommerce" else None,
        merchant_category=category,
    )


def _number(simulated_id: str) -> int:
    return int(simulated_id.rpartition("-")[2])


DAYS = 35
# The smallest map on which little is fraud; made in a fifth of a second.
CUSTOMERS, TERMINALS_EACH = 500, 2
# Each has about 70 transactions in that time: more than enough to choose from.
CHOSEN_EACH = 20
REPORTED_AFTER_MS = 7 * DAY_MS
SOURCE = "chargeback"

# Of as many transactions, those at one compromised terminal, and the accounts that are misused.
BLOCK, AT_TERMINAL, MISUSED_ACCOUNTS = 60, 6, 3
# How many frauds at a terminal are reported before its next transactions are shown.
REPORTED_FIRST = 3
# Rules want ten; some may still be under way when the next one is decided.
BEFORE, AFTER = 12, 2
BEFORE_MS = 29 * DAY_MS
# A misuse that anybody would see: against the mean of what was before, and not too small.
TIMES_THE_MEAN, LEAST_EUROS = 4.5, 60

Step = Transaction | Label
Rows = Sequence[Labelled]


def story(seed: int, run: str, count: int, end_ms: int) -> list[Step]:
    """`count` transactions of the days before `end_ms`, and the frauds reported by then, by their time.

    All but times and ids depends on the seed alone. Ids carry `seed` and `run`: what an earlier run posted
    is no history to this one.
    """
    customers = max(CUSTOMERS, count // CHOSEN_EACH)
    rows = list(
        simulate(
            customers=customers,
            terminals=customers * TERMINALS_EACH,
            days=DAYS,
            seed=seed,
            start_ms=end_ms // DAY_MS * DAY_MS - DAYS * DAY_MS,
        )
    )
    steps: list[Step] = []
    for number, row in enumerate(_chosen(rows, count), start=1):
        transaction = dressed(row.transaction, f"s{seed}-{run}-{number:05}", run)
        steps.append(transaction)
        reported_at = transaction.timestamp + REPORTED_AFTER_MS
        if row.is_fraud and reported_at < end_ms:
            steps.append(_fraud(transaction, reported_at))
    return sorted(steps, key=when_ms)


def when_ms(step: Step) -> int:
    """When a step is taken: a transaction is made, or a fraud reported."""
    return step.reported_at or step.timestamp if isinstance(step, Label) else step.timestamp


def _fraud(transaction: Transaction, reported_at: int) -> Label:
    return Label(
        transaction_id=transaction.transaction_id,
        timestamp=transaction.timestamp,
        label="fraud",
        source=SOURCE,
        reported_at=reported_at,
    )


def _chosen(rows: Rows, count: int) -> Rows:
    """The rows to be shown, in order of time."""
    chosen: dict[str, Labelled] = {}
    for row in _in_order_of_choice(rows):
        chosen.setdefault(row.transaction.transaction_id, row)
        if len(chosen) == count:
            break
    return sorted(chosen.values(), key=lambda row: row.transaction.timestamp)


def _in_order_of_choice(rows: Rows) -> Iterator[Labelled]:
    """All rows: first those that a run of this length should show of each kind; some come again."""
    accounts = _grouped(rows, lambda row: row.transaction.account_id)
    terminals = _grouped(rows, lambda row: row.transaction.merchant_id)
    compromised = iter([some for rows_there in terminals if (some := _compromised(rows_there))])
    misused = iter([some for theirs in accounts if (some := _misused(theirs))])
    ordinary = (row for theirs in accounts if not any(one.is_fraud for one in theirs) for row in theirs)
    while groups := [*islice(compromised, 1), *islice(misused, MISUSED_ACCOUNTS)]:
        shown = [row for group in groups for row in group]
        yield from shown
        yield from islice(ordinary, max(BLOCK - len(shown), 0))
    yield from ordinary
    yield from rows


def _grouped(rows: Rows, key: Callable[[Labelled], str]) -> list[list[Labelled]]:
    groups: dict[str, list[Labelled]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return list(groups.values())


def _compromised(rows: Rows) -> Rows:
    """At one terminal: its first frauds, and further ones after those were reported; empty if it has none."""
    frauds = [row for row in rows if row.scenario == "2"]
    first = frauds[:REPORTED_FIRST]
    if len(first) < REPORTED_FIRST:
        return []
    known_at = first[-1].transaction.timestamp + REPORTED_AFTER_MS
    later = [row for row in frauds if row.transaction.timestamp > known_at][: AT_TERMINAL - REPORTED_FIRST]
    return [*first, *later] if len(later) == AT_TERMINAL - REPORTED_FIRST else []


def _misused(rows: Rows) -> Rows:
    """Of one account: the first fraud that stands out, with what was before and after; else empty."""
    for place in range(BEFORE, len(rows)):
        before, row = rows[place - BEFORE : place], rows[place]
        if row.is_fraud and not any(one.is_fraud for one in before) and _stands_out(before, row):
            return rows[place - BEFORE : place + 1 + AFTER]
    return []


def _stands_out(before: Rows, row: Labelled) -> bool:
    since = row.transaction.timestamp - before[0].transaction.timestamp
    amount = float(row.transaction.amount)
    usual = fmean(float(one.transaction.amount) for one in before)
    return since < BEFORE_MS and amount > LEAST_EUROS and amount > TIMES_THE_MEAN * usual
