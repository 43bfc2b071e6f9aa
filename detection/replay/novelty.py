"""Features of the values that an account uses, in columns: new values, their ages, the speed, and refunds."""

import numpy as np

from detection.replay.recent_values import NO_VALUES, RecentValues
from detection.replay.segments import MISSING, Flags, Floats, IdNumbers, Integers, Segment
from functions.common.domain.account_features import MIN_TRAVEL_HOURS, NEW_WITHIN_MINUTES
from functions.common.domain.account_profile import (
    FIRST_USE_BITS,
    MAX_CATEGORIES,
    MAX_COUNTRIES,
    MAX_DEVICES,
    MAX_MERCHANTS,
    MAX_NETWORKS,
)
from functions.common.domain.countries import distance_km
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS, MAX_DAYS, MINUTE_MS

_FIRST_USE = (1 << FIRST_USE_BITS) - 1
_MINUTE_SECONDS = 60
_TIME_BITS = 43


class AccountNovelty:
    """Holds the latest values of all accounts."""

    def __init__(self, countries: IdNumbers) -> None:
        self._country_numbers = countries
        self._countries = RecentValues(MAX_COUNTRIES)
        self._devices = RecentValues(MAX_DEVICES)
        self._categories = RecentValues(MAX_CATEGORIES)
        self._first_devices = RecentValues(MAX_DEVICES)
        self._first_countries = RecentValues(MAX_COUNTRIES)
        self._first_merchants = RecentValues(MAX_MERCHANTS)
        self._first_networks = RecentValues(MAX_NETWORKS)
        self._travel = _Travel(countries)

    def use(
        self, segment: Segment, rows: Integers, merchant_hashes: Integers
    ) -> tuple[list[Floats], list[Floats], Integers]:
        """Add the purchases `rows`, ordered by account and time.

        Returns the columns of `compute_novelty` and `compute_ages` for them, and that of `count_new_devices`.
        """
        accounts, minutes = segment.accounts[rows], segment.times[rows] // MINUTE_MS
        countries, devices = segment.countries[rows], segment.devices[rows]
        novelty = [
            _flag_new(recent.use(accounts, values, minutes), values)
            for recent, values in (
                (self._countries, countries),
                (self._devices, devices),
                (self._categories, segment.categories[rows]),
            )
        ]
        novelty.append(self._travel.compute_speeds(accounts, countries, segment.times[rows]))
        merchants = self._first_merchants.use(accounts, merchant_hashes[rows] & _FIRST_USE, minutes)
        has_history = merchants != NO_VALUES
        country_hashes, networks = self._country_numbers.hashes(countries), segment.networks[rows]
        first_devices, new_devices = self._first_devices.use_and_count(
            accounts, _keep_first_use_bits(devices), minutes, NEW_WITHIN_MINUTES
        )
        first_countries = self._first_countries.use(accounts, _keep_first_use_bits(country_hashes), minutes)
        first_networks = self._first_networks.use(accounts, _keep_first_use_bits(networks), minutes)
        ages = [
            _compute_ages(first_devices, minutes, has_history & (devices != MISSING)),
            _compute_ages(first_countries, minutes, has_history & (country_hashes != MISSING)),
            _compute_ages(merchants, minutes, has_history),
            _compute_ages(first_networks, minutes, has_history & (networks != MISSING)),
        ]
        return novelty, ages, new_devices


class _Travel:
    """The last country of each account."""

    def __init__(self, countries: IdNumbers) -> None:
        self._numbers = countries
        self._countries = np.full(1024, MISSING, np.int16)
        self._times = np.zeros(1024, np.int64)

    def compute_speeds(self, accounts: Integers, countries: Integers, times: Integers) -> Floats:
        """The speeds from the last country in km/h, for purchases that are ordered by account and time."""
        speeds = np.full(len(accounts), np.nan)
        rows = np.flatnonzero(countries != MISSING)
        if not len(rows):
            return speeds
        accounts, countries, times = accounts[rows], countries[rows], times[rows]
        self._grow(int(accounts[-1]) + 1)
        is_first = np.diff(accounts, prepend=-1) != 0
        origins = np.where(is_first, self._countries[accounts], np.roll(countries, 1))
        since = np.where(is_first, self._times[accounts], np.roll(times, 1))
        is_last = np.append(is_first[1:], True)
        self._countries[accounts[is_last]] = countries[is_last]
        self._times[accounts[is_last]] = times[is_last]
        hours = np.maximum(np.abs(times - since) / HOUR_MS, MIN_TRAVEL_HOURS)
        speeds[rows] = self._find_distances(origins, countries) / hours
        return speeds

    def _find_distances(self, origins: Integers, destinations: Integers) -> Floats:
        """The distances in kilometers, NaN if a country is missing or unknown."""
        pairs, positions = np.unique(origins << 16 | destinations, return_inverse=True)
        names = self._numbers.texts()
        distances = []
        for pair in pairs.tolist():
            origin, destination = pair >> 16, pair & 0xFFFF
            distance = None
            if origin == destination:
                distance = 0.0
            elif origin != MISSING:
                distance = distance_km(names[origin], names[destination])
            distances.append(np.nan if distance is None else distance)
        return np.array(distances)[positions]

    def _grow(self, size: int) -> None:
        if size > len(self._times):
            more = 2 * size - len(self._times)
            self._countries = np.concatenate((self._countries, np.full(more, MISSING, np.int16)))
            self._times = np.concatenate((self._times, np.zeros(more, np.int64)))


class RefundHistory:
    """The refunds of accounts within the longest window."""

    def __init__(self) -> None:
        self._accounts = np.zeros(0, np.int64)
        self._days = np.zeros(0, np.int64)
        self._numbers = np.zeros(0, np.int64)

    def add(self, segment: Segment) -> None:
        """Add the refunds of a segment."""
        rows = np.flatnonzero(~segment.is_purchase)
        keep = self._days >= int(segment.times[0]) // DAY_MS - MAX_DAYS
        accounts = np.concatenate((self._accounts[keep], segment.accounts[rows]))
        days = np.concatenate((self._days[keep], segment.times[rows] // DAY_MS))
        numbers = np.concatenate((self._numbers[keep], segment.first + rows))
        order = np.argsort(accounts, kind="stable")
        self._accounts, self._days, self._numbers = accounts[order], days[order], numbers[order]

    def count(self, segment: Segment, rows: Integers) -> Integers:
        """The refunds within 30 days before each row of the segment."""
        if not len(self._accounts):
            return np.zeros(len(rows), np.int64)
        accounts = segment.accounts[rows] << _TIME_BITS
        oldest = int(self._days.min())
        before = np.searchsorted(
            self._accounts << _TIME_BITS | self._numbers, accounts | segment.first + rows
        )
        first_days = np.maximum(segment.times[rows] // DAY_MS - 29 - oldest, 0)
        expired = np.searchsorted(self._accounts << _TIME_BITS | self._days - oldest, accounts | first_days)
        return before - expired


def _keep_first_use_bits(hashes: Integers) -> Integers:
    return np.where(hashes == MISSING, MISSING, hashes & _FIRST_USE)


def _flag_new(firsts: Integers, values: Integers) -> Floats:
    """1 for values that are new to the account, NaN for a missing one and without earlier ones."""
    is_known = (values != MISSING) & (firsts != NO_VALUES)
    return np.where(is_known, (firsts < NO_VALUES + 2).astype(np.float64), np.nan)


def _compute_ages(firsts: Integers, minutes: Integers, is_known: Flags) -> Floats:
    """The seconds since the first use, in whole minutes, and 0 for a new value."""
    ages = np.where(firsts < NO_VALUES + 2, 0, minutes - firsts) * _MINUTE_SECONDS
    return np.where(is_known, ages, np.nan)
