"""Makes up plausible transactions, some of them suspicious: the same ones for the same seed.

It knows what fraud looks like in general, not the rules: who wants to know what is flagged asks scoring.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from functions.common.currencies import decimals
from functions.common.transaction import Channel, Transaction

# Home countries with their currency, and about how many of its units a dollar is.
HOMES = (
    ("US", "USD", 1.0), ("US", "USD", 1.0), ("DE", "EUR", 0.9), ("FR", "EUR", 0.9), ("ES", "EUR", 0.9),
    ("GB", "GBP", 0.8), ("CH", "CHF", 0.9), ("CA", "CAD", 1.4), ("AU", "AUD", 1.5), ("JP", "JPY", 150.0),
    ("IN", "INR", 80.0), ("BR", "BRL", 5.5),
)  # fmt: skip


@dataclass(frozen=True)
class Trade:
    """A kind of merchant: its ISO 18245 category, how one pays there, and the usual amount in dollars."""

    name: str
    category: str
    channels: tuple[Channel, ...]
    usual: float
    merchants: int


GROCER = Trade("grocer", "5411", ("card_present",), 45, 30)
EVERYDAY = (
    GROCER, GROCER, GROCER,
    Trade("diner", "5812", ("card_present",), 30, 25),
    Trade("fuel", "5541", ("card_present",), 50, 12),
    Trade("transit", "4111", ("card_present", "ecommerce"), 9, 4),
    Trade("pharmacy", "5912", ("card_present",), 22, 10),
    Trade("books", "5942", ("card_present", "ecommerce"), 28, 8),
    Trade("electronics", "5732", ("ecommerce", "card_present"), 180, 8),
    Trade("airline", "4511", ("ecommerce",), 260, 5),
    Trade("casino", "7995", ("ecommerce",), 35, 3),
    Trade("rent", "6513", ("transfer",), 420, 6),
    Trade("cash", "6011", ("atm",), 110, 9),
)  # fmt: skip

# In each block of this many transactions one is suspicious, so that a short run has some, too.
BLOCK = 8
FIRST_WITHIN = 3

# Addresses that are nobody's: these networks are kept for documentation (RFC 5737).
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
SANCTIONED = ("IR", "KP", "MM")


@dataclass(frozen=True)
class Customer:
    """An account with where it is at home and what it pays with."""

    account_id: str
    country: str
    currency: str
    per_dollar: float
    device_id: str
    ip_address: str


def simulate(seed: int, run: str, clock: Callable[[], int], customers: int = 120) -> Iterator[Transaction]:
    """Transactions without end. Their ids carry `seed` and `run`; `clock` gives each its epoch milliseconds.

    All else depends on the seed alone, so two runs are the same but for ids and times.
    """
    rng = random.Random(seed)  # noqa: S311
    people = [_customer(rng, number) for number in range(1, customers + 1)]
    kinds = rng.sample(SUSPICIOUS, len(SUSPICIOUS))
    number = 0
    while True:
        suspicious_at = rng.randrange(BLOCK if number else FIRST_WITHIN)
        kind = kinds[number // BLOCK % len(kinds)]
        for place in range(BLOCK):
            number += 1
            make = kind if place == suspicious_at else _everyday
            drawn = make(rng, rng.choice(people))
            yield msgspec.structs.replace(
                drawn, transaction_id=f"s{seed}-{run}-{number:05d}", timestamp=clock()
            )


def _customer(rng: random.Random, number: int) -> Customer:
    country, currency, per_dollar = rng.choice(HOMES)
    address = f"{rng.choice(NETWORKS)}.{rng.randrange(1, 255)}"
    return Customer(
        f"acc-{number:05d}", country, currency, per_dollar, f"dev-{rng.getrandbits(32):08x}", address
    )


def _everyday(rng: random.Random, customer: Customer) -> Transaction:
    trade = rng.choice(EVERYDAY)
    # Most are near the usual amount, a few several times that; never so much that it is news.
    dollars = min(rng.lognormvariate(math.log(trade.usual), 0.45), trade.usual * 3)
    return _transaction(rng, customer, trade, dollars)


def _large(rng: random.Random, customer: Customer) -> Transaction:
    trade = Trade("jeweller", "5944", ("card_present",), 0, 3)
    return _transaction(rng, customer, trade, rng.uniform(6_000, 15_000))


def _emptied(rng: random.Random, customer: Customer) -> Transaction:
    trade = Trade("payee", "4829", ("transfer",), 0, 40)
    return _transaction(rng, customer, trade, rng.uniform(25_000, 60_000))


def _cash_out(rng: random.Random, customer: Customer) -> Transaction:
    trade = Trade("cash", "6011", ("atm",), 0, 9)
    return _transaction(rng, customer, trade, rng.randrange(90, 130) * 20)


def _laundered(rng: random.Random, customer: Customer) -> Transaction:
    trade = rng.choice(
        [
            Trade("coins", "6051", ("ecommerce",), 0, 4),
            Trade("casino", "7995", ("ecommerce",), 0, 3),
            Trade("giftcards", "gift_cards", ("ecommerce",), 0, 5),
        ]
    )
    return _transaction(rng, customer, trade, rng.uniform(1_200, 4_000))


def _abroad(rng: random.Random, customer: Customer) -> Transaction:
    trade = Trade("electronics", "5732", ("ecommerce", "card_present"), 0, 8)
    return _transaction(rng, customer, trade, rng.uniform(60, 900), country=rng.choice(SANCTIONED))


SUSPICIOUS = (_large, _emptied, _cash_out, _laundered, _abroad)


def _transaction(
    rng: random.Random, customer: Customer, trade: Trade, dollars: float, country: str = ""
) -> Transaction:
    channel = rng.choice(trade.channels)
    online = channel in ("ecommerce", "transfer")
    places = decimals(customer.currency)
    amount = Decimal(dollars * customer.per_dollar).quantize(Decimal(1).scaleb(-places))
    return Transaction(
        transaction_id="to-be-given",
        account_id=customer.account_id,
        merchant_id=f"{trade.name}-{rng.randrange(trade.merchants) + 1:03d}",
        amount=max(amount, Decimal(1)),
        currency=customer.currency,
        timestamp=1,
        channel=channel,
        country=country or customer.country,
        device_id=customer.device_id if online else None,
        ip_address=customer.ip_address if online else None,
        merchant_category=trade.category,
    )
