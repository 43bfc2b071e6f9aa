"""The countries and the lines of business of the simulated payments."""

from typing import NamedTuple

from functions.common.domain.transaction import Channel


class Country(NamedTuple):
    """A country. `units`: units of the currency for a euro, about. `note`: the smallest note of its cash
    machines. `price_level`: prices as a multiple of those of the euro area. `utc_hours`: the time zone."""

    code: str
    currency: str
    units: float
    note: int
    price_level: float
    weight: float
    utc_hours: int


class Line(NamedTuple):
    """A line of business. `median` and `spread`: the median amount in euros and its log-normal deviation.

    `weight`: its share of payments, in percent. `peaks`: two local hours around which people buy.
    """

    category: str
    channel: Channel
    median: float
    spread: float
    weight: float
    peaks: tuple[int, int]


COUNTRIES = (
    Country("DE", "EUR", 1, 10, 1.0, 14, 1),
    Country("GB", "GBP", 0.85, 10, 1.05, 12, 0),
    Country("US", "USD", 1.1, 20, 1.15, 12, -6),
    Country("FR", "EUR", 1, 10, 1.0, 10, 1),
    Country("PL", "PLN", 4.3, 50, 0.65, 6, 1),
    Country("JP", "JPY", 165, 1000, 0.9, 5, 9),
    Country("ES", "EUR", 1, 10, 0.85, 7, 1),
    Country("SE", "SEK", 11.2, 100, 1.1, 4, 1),
    Country("BR", "BRL", 6, 20, 0.5, 5, -3),
    Country("IT", "EUR", 1, 10, 0.9, 7, 1),
    Country("CH", "CHF", 0.95, 20, 1.5, 3, 1),
    Country("IN", "INR", 95, 100, 0.35, 4, 5),
    Country("NL", "EUR", 1, 10, 1.05, 5, 1),
    Country("HU", "HUF", 395, 1000, 0.6, 2, 1),
    Country("KW", "KWD", 0.34, 5, 1.0, 1, 3),
    Country("TR", "TRY", 47, 100, 0.45, 3, 3),
)

LINES = (
    Line("5411", "card_present", 30, 0.7, 20, (11, 18)),
    Line("5812", "card_present", 28, 0.6, 8, (13, 20)),
    Line("5814", "card_present", 9, 0.45, 8, (12, 19)),
    Line("5541", "card_present", 50, 0.35, 6, (8, 18)),
    Line("5912", "card_present", 16, 0.6, 4, (11, 17)),
    Line("4111", "card_present", 2.6, 0.35, 6, (8, 18)),
    Line("7523", "card_present", 3.5, 0.5, 2, (10, 17)),
    Line("5651", "card_present", 45, 0.7, 3, (13, 17)),
    Line("5732", "card_present", 130, 1.0, 1, (13, 17)),
    Line("5311", "card_present", 38, 0.8, 3, (13, 17)),
    Line("7011", "card_present", 150, 0.6, 0.6, (9, 16)),
    Line("5944", "card_present", 170, 0.9, 0.2, (14, 17)),
    Line("6011", "atm", 80, 0.6, 2.5, (12, 18)),
    Line("5942", "ecommerce", 21, 0.6, 2, (13, 21)),
    Line("5651", "ecommerce", 52, 0.7, 3, (13, 21)),
    Line("5732", "ecommerce", 150, 1.0, 1.2, (13, 21)),
    Line("5815", "ecommerce", 4, 0.9, 5, (13, 21)),
    Line("5816", "ecommerce", 8, 1.0, 2.5, (16, 22)),
    Line("4899", "ecommerce", 11, 0.3, 3, (9, 20)),
    Line("4814", "ecommerce", 24, 0.4, 1.5, (10, 18)),
    Line("5814", "ecommerce", 23, 0.45, 3.5, (12, 19)),
    Line("4511", "ecommerce", 200, 0.7, 0.5, (12, 21)),
    Line("4722", "ecommerce", 300, 0.8, 0.3, (12, 21)),
    Line("4121", "ecommerce", 14, 0.5, 2.5, (8, 22)),
    Line("8398", "ecommerce", 14, 0.9, 0.5, (12, 20)),
    Line("5399", "ecommerce", 34, 0.9, 5, (13, 21)),
    Line("5712", "ecommerce", 180, 0.9, 0.4, (14, 21)),
    Line("7995", "ecommerce", 24, 0.9, 0.5, (19, 23)),
    Line("6051", "ecommerce", 110, 1.0, 0.3, (13, 22)),
    Line("5947", "ecommerce", 45, 0.6, 0.5, (12, 20)),
    Line("6012", "transfer", 110, 1.1, 3, (10, 18)),
    Line("4829", "transfer", 140, 0.8, 0.6, (11, 19)),
)

REMOTE_CHANNELS = ("ecommerce", "transfer")


def find_lines(channel: Channel, *categories: str) -> list[int]:
    """The numbers of the lines of a channel with one of these categories, or with any if none is given."""
    return [
        number
        for number, line in enumerate(LINES)
        if line.channel == channel and (not categories or line.category in categories)
    ]
