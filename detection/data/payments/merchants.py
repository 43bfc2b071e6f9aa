"""The merchants of the simulated payments: shops of a country, online shops, cash machines and payees."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from detection.data.payments.catalogue import LINES, REMOTE_CHANNELS
from detection.data.payments.events import Floats, Numbers, draw_flags

MIN_MERCHANTS = 50
REMOTE = np.array([line.channel in REMOTE_CHANNELS for line in LINES])
_REMOTE_LINES = int(REMOTE.sum())
_MERCHANTS_PER_COUNTRY = 26
_NEW_SHARE = 0.15


@dataclass(frozen=True)
class Merchants:
    """The merchants by number. Merchants of a group have the same line and, unless online, the same country.

    `open_days`: the first day, at most 0 for one that opened before. The first merchant of a group is such a
    one. `order`, `ends`, `group_begins` and `group_ends`: cumulated popularity, by which `draw` selects.
    """

    lines: Numbers
    countries: Numbers
    price_levels: Floats
    open_days: Numbers
    order: Numbers
    ends: Floats
    group_begins: Floats
    group_ends: Floats
    group_first: Numbers
    country_count: int

    def draw(self, random: Generator, lines: Numbers, countries: Numbers, days: Numbers) -> Numbers:
        """A merchant of each line and country that is open on the day. Popular ones are drawn more often."""
        drawn = self._draw(random, lines, countries)
        closed = np.flatnonzero(self.open_days[drawn] > days)
        drawn[closed] = self._draw(random, lines[closed], countries[closed])
        closed = closed[self.open_days[drawn[closed]] > days[closed]]
        drawn[closed] = self.group_first[self._find_groups(lines[closed], countries[closed])]
        return drawn

    def _draw(self, random: Generator, lines: Numbers, countries: Numbers) -> Numbers:
        groups = self._find_groups(lines, countries)
        begins, ends = self.group_begins[groups], self.group_ends[groups]
        positions = np.searchsorted(self.ends, begins + random.random(len(lines)) * (ends - begins), "right")
        return self.order[np.minimum(positions, len(self.order) - 1)]

    def _find_groups(self, lines: Numbers, countries: Numbers) -> Numbers:
        return _number_groups(lines, countries, self.country_count)


def build_merchants(
    random: Generator, count: int, weights: Floats, days: int, mule_lines: Numbers
) -> Merchants:
    """Build `count` merchants in countries with these weights, for a simulation of `days` days.

    The merchants of `mule_lines` come after them. They belong to no group, so that `draw` never selects them.
    """
    countries = len(weights)
    every = np.array(
        [(line, country) for line in range(len(LINES)) for country in range(1 if REMOTE[line] else countries)]
    )
    line_weights = np.array([max(line.weight, 0.5) for line in LINES])
    line_weights /= line_weights.sum()
    lines = np.concatenate([every[:, 0], random.choice(len(LINES), count - len(every), p=line_weights)])
    homes = np.concatenate([every[:, 1], random.choice(countries, count - len(every), p=weights)])
    # The group of an online shop is in all countries, but the shop itself is in one.
    groups = _number_groups(lines, homes, countries)
    homes = np.where(REMOTE[lines], random.choice(countries, count, p=weights), homes)
    open_days = np.where(draw_flags(random, _NEW_SHARE, count), random.integers(1, max(days, 2), count), 0)
    open_days[: len(every)] = 0
    popularity = random.pareto(1.2, count) + 0.1
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(popularity[order])
    numbers = np.arange(len(LINES) * countries)
    begin = np.searchsorted(groups[order], numbers, "left")
    end = np.searchsorted(groups[order], numbers, "right")
    padded = np.concatenate([[0.0], ends])
    first = np.full(len(numbers), -1)
    first[groups[: len(every)]] = np.arange(len(every))
    mules = len(mule_lines)
    return Merchants(
        lines=np.concatenate([lines, mule_lines]),
        countries=np.concatenate([homes, random.choice(countries, mules, p=weights)]),
        price_levels=random.lognormal(0, 0.35, count + mules),
        open_days=np.concatenate([open_days, np.zeros(mules, np.int64)]),
        order=order,
        ends=ends,
        group_begins=padded[begin],
        group_ends=padded[end],
        group_first=first,
        country_count=countries,
    )


def count_countries(merchants: int, available: int) -> int:
    """The number of countries in which this number of merchants has a few in each line."""
    return int(np.clip((merchants - _REMOTE_LINES) // _MERCHANTS_PER_COUNTRY, 1, available))


def _number_groups(lines: Numbers, countries: Numbers, country_count: int) -> Numbers:
    return lines * country_count + np.where(REMOTE[lines], 0, countries)
