"""A short sequence of simulated transactions with history, frauds and their labels.

A day of the simulation has more transactions than a run can post. The scenario follows a few of its merchants
and accounts: compromised terminals, accounts that are misused after a while, and accounts without fraud.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from statistics import fmean

from detection.data.columns import LabelledTransaction
from detection.data.simulation import simulate_transactions
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import Channel, Transaction
from functions.common.domain.transaction_event import TransactionInserted
from functions.labels.label import Label

# The API refuses older transactions (`maxTransactionAgeDays` of edge).
DAYS = 29
# The smallest simulation in which fraud is rare. It takes a fifth of a second.
_CUSTOMERS, _TERMINALS_PER_CUSTOMER = 500, 2
# A customer has about 70 transactions in that time: enough to choose from.
_CHOSEN_PER_CUSTOMER = 20
_REPORT_DELAY_MS = 7 * DAY_MS
_LABEL_SOURCE = "chargeback"

# A block of transactions contains the frauds at one compromised terminal and a few misused accounts.
_BLOCK_SIZE, _FRAUDS_PER_TERMINAL, _MISUSED_ACCOUNTS = 60, 6, 3
# The number of frauds at a terminal that are reported before its further transactions.
_REPORTED_FRAUDS = 3
# Rules need a history of ten transactions. Two more, because the latest ones may not be counted yet.
_HISTORY_COUNT, _FOLLOWING_COUNT = 12, 2
_MAX_HISTORY_MS = 29 * DAY_MS
# A fraud is conspicuous if its amount is at least this multiple of the mean of the history, and not small.
_MIN_MEAN_RATIO, _MIN_EUROS = 4.5, 60

# A customer's country and a terminal's category depend on their number: they are the same in every run.
_COUNTRIES = ("DE", "FR", "ES", "NL", "IT")
_CATEGORIES: tuple[tuple[str, Channel], ...] = (
    ("5411", "card_present"),
    ("5812", "card_present"),
    ("5541", "card_present"),
    ("5912", "card_present"),
    ("5942", "ecommerce"),
    ("5651", "ecommerce"),
)

Step = Transaction | Label
Rows = Sequence[LabelledTransaction]


def build_scenario(seed: int, run: str, count: int, end_ms: int) -> list[Step]:
    """Return `count` transactions of the days before `end_ms` and the labels reported by then, by time.

    Everything but times and ids depends on the seed alone. Ids contain `seed` and `run`, so that an earlier
    run adds no history to this one.
    """
    customers = max(_CUSTOMERS, count // _CHOSEN_PER_CUSTOMER)
    rows = list(
        simulate_transactions(
            customers=customers,
            terminals=customers * _TERMINALS_PER_CUSTOMER,
            days=DAYS,
            seed=seed,
            start_ms=end_ms // DAY_MS * DAY_MS - DAYS * DAY_MS,
        )
    )
    steps: list[Step] = []
    for number, row in enumerate(_choose_rows(rows, count), start=1):
        transaction = build_transaction(row.transaction, f"s{seed}-{run}-{number:05}", run)
        steps.append(transaction)
        reported_at = transaction.timestamp + _REPORT_DELAY_MS
        if row.is_fraud and reported_at < end_ms:
            steps.append(_build_label(transaction, reported_at))
    return sorted(steps, key=step_time_ms)


def step_time_ms(step: Step) -> int:
    """Return the time of a transaction, or of the report of a label."""
    return step.reported_at or 0 if isinstance(step, Label) else step.timestamp


def build_transaction(simulated: TransactionInserted, transaction_id: str, run: str) -> Transaction:
    """Return the simulated transaction with the given id, and with an account and a merchant of this run."""
    customer, terminal = _read_number(simulated.account_id), _read_number(simulated.merchant_id)
    category, channel = _CATEGORIES[terminal % len(_CATEGORIES)]
    return Transaction(
        transaction_id=transaction_id,
        account_id=f"{run}-customer-{customer:04}",
        merchant_id=f"{run}-terminal-{terminal:04}",
        amount=simulated.amount,
        currency=simulated.currency,
        timestamp=simulated.timestamp,
        channel=channel,
        country=_COUNTRIES[customer % len(_COUNTRIES)],
        device_id=f"device-{customer:04}" if channel == "ecommerce" else None,
        merchant_category=category,
    )


def _build_label(transaction: Transaction, reported_at: int) -> Label:
    return Label(
        transaction_id=transaction.transaction_id,
        timestamp=transaction.timestamp,
        label="fraud",
        source=_LABEL_SOURCE,
        reported_at=reported_at,
    )


def _read_number(simulated_id: str) -> int:
    return int(simulated_id.rpartition("-")[2])


def _choose_rows(rows: Rows, count: int) -> Rows:
    """Return `count` different rows in order of time."""
    chosen: dict[str, LabelledTransaction] = {}
    for row in _order_by_choice(rows):
        chosen.setdefault(row.transaction.transaction_id, row)
        if len(chosen) == count:
            break
    return sorted(chosen.values(), key=lambda row: row.transaction.timestamp)


def _order_by_choice(rows: Rows) -> Iterator[LabelledTransaction]:
    """Yield all rows, first those that show fraud and its history. Some rows are repeated."""
    accounts = _group_rows(rows, lambda row: row.transaction.account_id)
    terminals = _group_rows(rows, lambda row: row.transaction.merchant_id)
    compromised = iter([frauds for terminal in terminals if (frauds := _find_terminal_frauds(terminal))])
    misused = iter([misuse for account in accounts if (misuse := _find_misuse(account))])
    ordinary = (row for account in accounts if not any(row.is_fraud for row in account) for row in account)
    while groups := [*islice(compromised, 1), *islice(misused, _MISUSED_ACCOUNTS)]:
        frauds = [row for group in groups for row in group]
        yield from frauds
        yield from islice(ordinary, max(_BLOCK_SIZE - len(frauds), 0))
    yield from ordinary
    yield from rows


def _group_rows(rows: Rows, key: Callable[[LabelledTransaction], str]) -> list[list[LabelledTransaction]]:
    groups: dict[str, list[LabelledTransaction]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return list(groups.values())


def _find_terminal_frauds(rows: Rows) -> Rows:
    """Return the first frauds at a terminal and as many after their report; empty if there are too few."""
    frauds = [row for row in rows if row.scenario == "2"]
    first = frauds[:_REPORTED_FRAUDS]
    if len(first) < _REPORTED_FRAUDS:
        return []
    reported_at = first[-1].transaction.timestamp + _REPORT_DELAY_MS
    count = _FRAUDS_PER_TERMINAL - _REPORTED_FRAUDS
    later = [row for row in frauds if row.transaction.timestamp > reported_at][:count]
    return [*first, *later] if len(later) == count else []


def _find_misuse(rows: Rows) -> Rows:
    """Return the account's first conspicuous fraud and the rows around it. Returns nothing without one."""
    for index in range(_HISTORY_COUNT, len(rows)):
        history, row = rows[index - _HISTORY_COUNT : index], rows[index]
        if row.is_fraud and not any(earlier.is_fraud for earlier in history) and _stands_out(history, row):
            return rows[index - _HISTORY_COUNT : index + 1 + _FOLLOWING_COUNT]
    return []


def _stands_out(history: Rows, row: LabelledTransaction) -> bool:
    age_ms = row.transaction.timestamp - history[0].transaction.timestamp
    amount = float(row.transaction.amount)
    mean = fmean(float(earlier.transaction.amount) for earlier in history)
    return age_ms < _MAX_HISTORY_MS and amount > _MIN_EUROS and amount > _MIN_MEAN_RATIO * mean
