"""Genuine payments: everyday ones, and those that look like fraud."""

import numpy as np
from numpy.random import Generator

from detection.data.payments.catalogue import COUNTRIES, LINES, find_lines
from detection.data.payments.events import UNKNOWN, Events, Floats, Numbers, draw_flags, join_events
from detection.data.payments.merchants import REMOTE
from detection.data.payments.world import DAY_MS, FAVOURITES, World

HOUR_MS = 3_600_000
MEDIANS = np.array([line.median for line in LINES])
SPREADS = np.array([line.spread for line in LINES])
PRICE_LEVELS = np.array([country.price_level for country in COUNTRIES])
UTC_HOURS = np.array([country.utc_hours for country in COUNTRIES])
IS_WALLET_LINE = np.array([line.channel == "card_present" for line in LINES])
_PEAKS = np.array([line.peaks for line in LINES])
# Monday to Sunday.
_WEEKDAYS = np.array([0.92, 0.94, 0.96, 1.0, 1.16, 1.2, 0.82])
_SHOPPING = find_lines("ecommerce", "5942", "5651", "5732", "5399", "5712")
# Sales days, as parts of the period, and the additional share of payments.
_SALES, _SALES_SHARE = (0.22, 0.23, 0.45, 0.68, 0.69, 0.9), 0.5
_FAVOURITE_SHARE = 0.62
_HOME_CURRENCY_SHARE = 0.8
_LARGE_SHARE, _WALLET_SHARE, _ANYTIME_SHARE = 0.002, 0.5, 0.06
_MISSING_DEVICES, _MISSING_ADDRESSES, _MISSING_COUNTRIES = 0.06, 0.04, 0.02


def simulate_genuine(random: Generator, world: World) -> Events:
    """All genuine payments, in any order."""
    accounts, days, lines = _draw_everyday(random, world)
    sales = _draw_sales(random, world)
    accounts, days, lines = (
        np.concatenate(pair) for pair in zip((accounts, days, lines), sales, strict=True)
    )
    places = world.places[accounts, days]
    merchants = _choose_merchants(random, world, accounts, lines=lines, places=places, days=days)
    times = days * DAY_MS + draw_day_times(random, lines, places)
    everyday = complete_events(random, world, accounts, merchants, times)
    return join_events([everyday, _simulate_rushes(random, world)])


def complete_events(
    random: Generator,
    world: World,
    accounts: Numbers,
    merchants: Numbers,
    times: Numbers,
    *,
    euros: Floats | None = None,
    scenario: int = 0,
) -> Events:
    """Payments by the accounts' owners, with their own devices, networks and places.

    By default, `euros` are the usual amounts at the merchant. Times outside of the simulation move into it.
    """
    times = times % (world.days * DAY_MS)
    days = times // DAY_MS
    lines = world.merchants.lines[merchants]
    if euros is None:
        euros = _draw_amounts(random, world, accounts, merchants, days)
    places = world.places[accounts, days].copy()
    shop_currencies = np.where(REMOTE[lines], world.merchants.countries[merchants], places)
    at_home = REMOTE[lines] & draw_flags(random, _HOME_CURRENCY_SHARE, len(lines))
    currencies = np.where(at_home, world.homes[accounts], shop_currencies)
    devices = np.full(len(lines), UNKNOWN)
    addresses = devices.copy()
    remote = np.flatnonzero(REMOTE[lines])
    wallets = IS_WALLET_LINE[lines] & world.has_wallet[accounts]
    wallets &= draw_flags(random, _WALLET_SHARE, len(lines))
    with_device = np.flatnonzero(REMOTE[lines] | wallets)
    devices[with_device] = world.find_devices(random, accounts[with_device], days[with_device])
    addresses[remote], places[remote] = world.networks.find_addresses(
        random, accounts[remote], days[remote], places[remote]
    )
    events = Events(
        times=times,
        accounts=accounts,
        merchants=merchants,
        euros=euros,
        places=places,
        currencies=currencies,
        devices=devices,
        addresses=addresses,
        scenarios=np.full(len(lines), scenario),
    )
    return remove_some_fields(random, events)


def remove_some_fields(random: Generator, events: Events) -> Events:
    """Leave out some devices, addresses and countries, as clients do."""
    for column, share in (
        (events.devices, _MISSING_DEVICES),
        (events.addresses, _MISSING_ADDRESSES),
        (events.places, _MISSING_COUNTRIES),
    ):
        column[draw_flags(random, share, len(column))] = UNKNOWN
    return events


def draw_day_times(random: Generator, lines: Numbers, places: Numbers) -> Numbers:
    """Times of day in milliseconds UTC. They can be on the day before or after."""
    peaks = _PEAKS[lines, random.integers(0, 2, len(lines))]
    hours = random.normal(peaks, 2.2)
    anytime = draw_flags(random, _ANYTIME_SHARE, len(lines))
    hours = np.where(anytime, random.uniform(0, 24, len(lines)), hours)
    result: Numbers = ((hours - UTC_HOURS[places]) * HOUR_MS).astype(np.int64)
    return result


def _draw_everyday(random: Generator, world: World) -> tuple[Numbers, Numbers, Numbers]:
    season = _WEEKDAYS[np.arange(world.days) % 7]
    counts = random.poisson(world.rates[:, None] * world.activity * season[None, :])
    rows = np.repeat(np.arange(counts.size), counts.ravel())
    accounts, days = np.divmod(rows, world.days)
    choice = random.random(len(rows))
    # Rounding can leave the last cumulated share below 1.
    lines = np.minimum((world.habits[accounts] < choice[:, None]).sum(axis=1), len(LINES) - 1)
    return accounts, days, lines


def _draw_sales(random: Generator, world: World) -> tuple[Numbers, Numbers, Numbers]:
    sales_days = np.unique([int(part * world.days) for part in _SALES])
    counts = random.poisson(world.rates[:, None] * world.activity[:, sales_days] * _SALES_SHARE)
    rows = np.repeat(np.arange(counts.size), counts.ravel())
    accounts, positions = np.divmod(rows, len(sales_days))
    return accounts, sales_days[positions], random.choice(_SHOPPING, len(rows))


def _choose_merchants(
    random: Generator, world: World, accounts: Numbers, *, lines: Numbers, places: Numbers, days: Numbers
) -> Numbers:
    merchants = world.merchants.draw(random, lines, places, days)
    favourites = world.favourites[accounts, lines, random.integers(0, FAVOURITES, len(lines))]
    usable = REMOTE[lines] | (places == world.homes[accounts])
    usable &= world.merchants.open_days[favourites] <= days
    return np.where(usable & draw_flags(random, _FAVOURITE_SHARE, len(lines)), favourites, merchants)


def _draw_amounts(
    random: Generator, world: World, accounts: Numbers, merchants: Numbers, days: Numbers
) -> Floats:
    lines = world.merchants.lines[merchants]
    places = np.where(REMOTE[lines], world.homes[accounts], world.places[accounts, days])
    factors = world.amount_levels[accounts] ** 0.7 * world.spending[accounts, days]
    factors *= world.merchants.price_levels[merchants] * PRICE_LEVELS[places]
    large = draw_flags(random, _LARGE_SHARE, len(lines))
    factors[large] *= random.uniform(4, 15, int(large.sum()))
    result: Floats = MEDIANS[lines] * factors * random.lognormal(0, SPREADS[lines] * 0.8)
    return result


def _simulate_rushes(random: Generator, world: World) -> Events:
    """Sales of tickets and games: many accounts at one online merchant within minutes, by their owners."""
    none = np.zeros(0, np.int64)
    parts = [complete_events(random, world, none, none, none)]
    lines = find_lines("ecommerce", "5815", "5816", "8398", "5942")
    scale = (world.accounts / 5000) ** 0.5
    for begin in random.uniform(0, world.days * DAY_MS, int(random.poisson(0.3 * scale * world.days))):
        count = int(random.integers(10, 60) * scale) + 2
        day = int(begin) // DAY_MS
        line = np.array([random.choice(lines)])
        merchant = world.merchants.draw(random, line, np.zeros(1, np.int64), np.array([day]))
        accounts = random.choice(world.accounts, count)
        accounts = accounts[world.activity[accounts, day] > 0]
        times = int(begin) + random.integers(0, random.integers(5, 60) * 60_000, len(accounts))
        parts.append(complete_events(random, world, accounts, np.repeat(merchant, len(accounts)), times))
    return join_events(parts)
