"""Synthetic traffic: random arrivals and transactions, the same for the same seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from functions.common.domain.transaction import Channel, Transaction
from terminal.errors import UserError

# The limit of API Gateway for the route.
MAX_RATE = 1000
MAX_MINUTES = 60
MAX_ZIPF = 5
MAX_MERCHANTS = 1_000_000
MAX_ACCOUNTS = 10_000_000
# Marks everything that a load test stores. No real merchant or account starts with it.
PREFIX = "load-"
_CHANNELS: tuple[Channel, ...] = ("card_present", "ecommerce")
_MEDIAN_CENTS = 2500


@dataclass(frozen=True)
class Traffic:
    """The settings of a load test. Raises UserError if one is out of bounds.

    Merchant number k gets a share proportional to 1 / k ** `zipf`; accounts get equal shares.
    """

    rate: float
    minutes: float
    zipf: float = 1.0
    merchants: int = 10_000
    accounts: int = 10_000
    seed: int = 1

    def __post_init__(self) -> None:
        _check("rate", self.rate, 0.1, MAX_RATE)
        _check("minutes", self.minutes, 0.001, MAX_MINUTES)
        _check("zipf", self.zipf, 0, MAX_ZIPF)
        _check("merchants", self.merchants, 1, MAX_MERCHANTS)
        _check("accounts", self.accounts, 1, MAX_ACCOUNTS)

    @property
    def seconds(self) -> float:
        return self.minutes * 60


def generate_arrivals(traffic: Traffic) -> Iterator[float]:
    """Yield the times of arrival in seconds from the start, as those of independent customers.

    The gaps are exponentially distributed and do not depend on responses (open loop).
    """
    generator = random.Random(traffic.seed)  # noqa: S311  # not a secret
    seconds = generator.expovariate(traffic.rate)
    while seconds < traffic.seconds:
        yield seconds
        seconds += generator.expovariate(traffic.rate)


class TransactionGenerator:
    """Generates the transactions of one run. `run` is part of their IDs, so that no two runs share one."""

    def __init__(self, traffic: Traffic, run: str) -> None:
        # Another sequence than that of the arrivals.
        self._generator = random.Random(f"transactions-{traffic.seed}")  # noqa: S311  # not a secret
        self._run = run
        self._accounts = traffic.accounts
        self._merchants = range(1, traffic.merchants + 1)
        self._weights = list(accumulate(number**-traffic.zipf for number in self._merchants))

    def generate(self, number: int, timestamp_ms: int) -> Transaction:
        """Return the transaction number `number` of the run."""
        generator = self._generator
        (merchant,) = generator.choices(self._merchants, cum_weights=self._weights)
        account = generator.randrange(self._accounts) + 1
        cents = max(1, round(generator.lognormvariate(0, 0.8) * _MEDIAN_CENTS))
        return Transaction(
            # The letter separates the digits, which could be those of a card number.
            transaction_id=f"{PREFIX}{self._run}-t{number}",
            account_id=f"{PREFIX}account-{account}",
            merchant_id=f"{PREFIX}merchant-{merchant}",
            amount=Decimal(cents).scaleb(-2),
            currency="USD",
            timestamp=timestamp_ms,
            channel=generator.choice(_CHANNELS),
            country="US",
            device_id=f"{PREFIX}device-{account}",
            merchant_category="5411",
        )


def _check(option: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise UserError(
            f"--{option}: {value:.10g} is out of bounds.",
            f"Use a number from {lowest:.10g} to {highest:.10g}.",
        )
