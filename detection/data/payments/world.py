"""The accounts of the simulated payments, with their habits, devices, networks and travels."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from detection.data.payments.catalogue import COUNTRIES, LINES, find_lines
from detection.data.payments.events import Flags, Floats, Numbers, draw_flags
from detection.data.payments.merchants import REMOTE, Merchants, build_merchants, count_countries
from detection.data.payments.networks import Networks, build_networks

DAY_MS = 86_400_000
FAVOURITES = 3
_MAX_HOUSEHOLD = 4
_DEVICE_SLOTS, _DEVICE_GENERATIONS = 3, 5
_PUBLIC_DEVICES = 30
# Shares of payments with the second device, with that of the household, and with a public one.
_SECOND_SHARE, _SHARED_SHARE, _PUBLIC_SHARE = 0.3, 0.18, 0.002
_SHARED_SLOT = 2
_GROWTH_DAYS, _GROWTH = 40, 1.2
# Merchants that fraudsters open in a day, for 5 000 accounts.
_MULES_PER_DAY = 0.09
MULE_LINES = [
    *find_lines("ecommerce", "5399", "5651", "5732", "5712"),
    *find_lines("transfer", "6012"),
]
# Lines that few accounts ever use, and the share of these accounts.
_RARE_LINES = {"7995": 0.08, "6051": 0.05, "4829": 0.1}


@dataclass(frozen=True)
class World:
    """Entities by number.

    The last of the merchants are `mules`. `habits`: the cumulated shares of an account's payments by line.
    `places`: the country of an account by day. `activity` and `spending`: factors of the number and the
    amounts of an account's payments by day. `device_days`: the days on which the devices of an account, or of
    a household, are replaced. `growing` accounts pay more and more until the day `growth_ends`.
    """

    days: int
    country_count: int
    merchants: Merchants
    mules: Numbers
    networks: Networks
    homes: Numbers
    households: Numbers
    rates: Floats
    amount_levels: Floats
    habits: Floats
    favourites: Numbers
    places: Numbers
    activity: Floats
    spending: Floats
    has_second_device: Flags
    is_in_household: Flags
    has_wallet: Flags
    device_days: Numbers
    growing: Numbers
    growth_ends: Numbers

    @property
    def accounts(self) -> int:
        return len(self.homes)

    @property
    def first_unused_device(self) -> int:
        """A number that is above those of all devices of accounts."""
        return 2 * self.accounts * _DEVICE_SLOTS * _DEVICE_GENERATIONS + _PUBLIC_DEVICES

    def find_devices(self, random: Generator, accounts: Numbers, days: Numbers) -> Numbers:
        """The device of each payment: one of the account, that of its household, or a public one."""
        choice = random.random(len(accounts))
        slots = np.where(self.has_second_device[accounts] & (choice < _SECOND_SHARE), 1, 0)
        slots[self.is_in_household[accounts] & (choice > 1 - _SHARED_SHARE)] = _SHARED_SLOT
        owners = np.where(slots == _SHARED_SLOT, self.accounts + self.households[accounts], accounts)
        generations = (self.device_days[owners, slots] <= days[:, None]).sum(axis=1)
        devices = (owners * _DEVICE_SLOTS + slots) * _DEVICE_GENERATIONS + generations
        public = draw_flags(random, _PUBLIC_SHARE, len(accounts))
        last = self.first_unused_device
        return np.where(public, random.integers(last - _PUBLIC_DEVICES, last, len(accounts)), devices)


def build_world(random: Generator, *, accounts: int, merchants: int, days: int) -> World:
    """Build a world for a simulation of `days` days."""
    country_count = count_countries(merchants, len(COUNTRIES))
    weights = np.array([country.weight for country in COUNTRIES[:country_count]], float)
    weights /= weights.sum()
    # As all waves of fraud: a smaller world has fewer of them.
    mules = int(random.poisson(_MULES_PER_DAY * (accounts / 5000) ** 0.5 * days))
    shops = build_merchants(random, merchants, weights, days, random.choice(MULE_LINES, mules))
    households, homes = _build_households(random, accounts, weights)
    growing, growth_ends = _choose_growing_accounts(random, accounts, days)
    activity, spending = _build_phases(random, accounts, days, growing, growth_ends)
    habits = _build_habits(random, accounts)
    places = _plan_travels(random, homes, country_count, days)
    sizes = np.bincount(households)
    return World(
        days=days,
        country_count=country_count,
        merchants=shops,
        mules=np.arange(merchants, merchants + mules),
        networks=build_networks(random, homes, households, country_count),
        homes=homes,
        households=households,
        rates=np.clip(random.lognormal(0.02, 0.75, accounts), 0.05, 8),
        amount_levels=random.lognormal(0, 0.4, accounts),
        habits=np.cumsum(habits, axis=1),
        favourites=_choose_favourites(random, shops, homes),
        places=places,
        activity=activity,
        spending=spending,
        has_second_device=draw_flags(random, 0.4, accounts),
        is_in_household=sizes[households] > 1,
        has_wallet=draw_flags(random, 0.25, accounts),
        device_days=np.cumsum(
            random.exponential(260, (2 * accounts, _DEVICE_SLOTS, _DEVICE_GENERATIONS - 1)), axis=2
        ).astype(np.int64),
        growing=growing,
        growth_ends=growth_ends,
    )


def _build_households(random: Generator, accounts: int, weights: Floats) -> tuple[Numbers, Numbers]:
    """The household of each account, and its country. Neighbouring numbers live together."""
    sizes = random.choice(np.arange(1, _MAX_HOUSEHOLD + 1), accounts, p=(0.72, 0.2, 0.05, 0.03))
    households = np.repeat(np.arange(accounts), sizes)[:accounts]
    # Numbers of accounts must not show who lives together.
    households = random.permutation(households)
    return households, random.choice(len(weights), accounts, p=weights)[households]


def _build_habits(random: Generator, accounts: int) -> Floats:
    shares = np.array([line.weight for line in LINES]) * random.gamma(0.9, 1, (accounts, len(LINES)))
    # Some people buy much online, others hardly anything.
    shares[:, REMOTE] *= random.lognormal(-0.3, 0.7, (accounts, 1))
    for number, line in enumerate(LINES):
        if line.category in _RARE_LINES:
            share = _RARE_LINES[line.category]
            shares[:, number] *= draw_flags(random, share, accounts) / share
    result: Floats = shares / shares.sum(axis=1, keepdims=True)
    return result


def _choose_favourites(random: Generator, merchants: Merchants, homes: Numbers) -> Numbers:
    """Merchants by account, line and position."""
    shape = (len(homes), len(LINES), FAVOURITES)
    lines = np.broadcast_to(np.arange(len(LINES))[None, :, None], shape).ravel()
    countries = np.broadcast_to(homes[:, None, None], shape).ravel()
    # Favourites can open later; until then, another merchant replaces them.
    return merchants.draw(random, lines, countries, np.full(len(lines), 1 << 30)).reshape(shape)


def _plan_travels(random: Generator, homes: Numbers, country_count: int, days: int) -> Numbers:
    accounts = len(homes)
    places = np.repeat(homes[:, None], days, axis=1)
    frequency = np.where(draw_flags(random, 0.3, accounts), 1 / 60, 1 / 400)
    trips = random.poisson(frequency * days)
    for account in np.repeat(np.arange(accounts), trips).tolist():
        begin, length = int(random.integers(0, days)), int(random.integers(2, 15))
        places[account, begin : begin + length] = random.integers(0, country_count)
    return places


def _choose_growing_accounts(random: Generator, accounts: int, days: int) -> tuple[Numbers, Numbers]:
    """Accounts that pay more and more for weeks, and the days on which that ends."""
    count = int(random.poisson(accounts * days * 0.0002))
    growing = random.permutation(accounts)[: min(count, accounts)]
    return growing, random.integers(15, max(days + 30, 16), len(growing))


def _build_phases(
    random: Generator, accounts: int, days: int, growing: Numbers, growth_ends: Numbers
) -> tuple[Floats, Floats]:
    activity, spending = np.ones((accounts, days)), np.ones((accounts, days))
    # New accounts, and some that are closed.
    opened = np.where(draw_flags(random, 0.15, accounts), random.integers(0, days, accounts), 0)
    closed = np.where(draw_flags(random, 0.05, accounts), random.integers(0, days, accounts), days)
    day = np.arange(days)[None, :]
    activity[(day < opened[:, None]) | (day >= closed[:, None])] = 0
    # A wedding, a move: some days of many and large payments.
    for account in np.repeat(np.arange(accounts), random.poisson(days / 250, accounts)).tolist():
        begin, length = int(random.integers(0, days)), int(random.integers(2, 12))
        activity[account, begin : begin + length] *= random.uniform(1.5, 4)
        spending[account, begin : begin + length] *= random.uniform(1.2, 3)
    for account, end in zip(growing.tolist(), growth_ends.tolist(), strict=True):
        last = min(end, days)
        ramp = 1 + np.clip(np.arange(last) - (end - _GROWTH_DAYS), 0, None) / _GROWTH_DAYS * _GROWTH
        activity[account, :last] *= np.sqrt(ramp)
        spending[account, :last] *= ramp
    return activity, spending
