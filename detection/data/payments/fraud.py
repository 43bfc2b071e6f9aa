"""Fraudulent payments, by kind."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator

from detection.data.payments.catalogue import LINES, find_lines
from detection.data.payments.events import (
    SCENARIOS,
    UNKNOWN,
    Events,
    Floats,
    Numbers,
    draw_flags,
    join_events,
)
from detection.data.payments.genuine import (
    HOUR_MS,
    MEDIANS,
    complete_events,
    draw_day_times,
    remove_some_fields,
)
from detection.data.payments.merchants import REMOTE
from detection.data.payments.networks import draw_data_centre_addresses, draw_home_addresses
from detection.data.payments.world import DAY_MS, World

_MINUTE_MS = 60_000
# Events of a kind in a day, for 5 000 accounts.
_TESTS, _TAKEOVERS, _SKIMMINGS = 0.35, 1.1, 0.08
_BUST_SHARE = 0.4
_FRIENDLY_SHARE, _FRIENDLY_EUROS = 0.0012, 15
_ONLINE_CHEAP = find_lines("ecommerce", "5815", "5816", "4899", "4814", "8398", "5942", "5814")
_ONLINE_RESALE = find_lines("ecommerce", "5732", "5651", "5947", "5399", "4511", "5816", "6051")
_TRANSFERS = find_lines("transfer")
_CARD_RESALE = [
    *find_lines("card_present", "5732", "5311", "5944", "5651", "5541", "5411"),
    *find_lines("atm"),
]
_BUST_LINES = [
    *find_lines("card_present", "5732", "5944", "5311", "5651"),
    *find_lines("atm"),
    *find_lines("ecommerce", "5732", "5947", "6051", "4511", "5712"),
    *_TRANSFERS,
]


class FraudSimulator:
    """Adds fraud to a world and its genuine payments. Devices of fraudsters have numbers of their own."""

    def __init__(self, random: Generator, world: World, genuine: Events) -> None:
        self._random = random
        self._world = world
        self._genuine = genuine
        self._next_device = world.first_unused_device
        # A smaller world has fewer and smaller waves of fraud.
        self._scale = (world.accounts / 5000) ** 0.5

    def simulate(self) -> Events:
        """All fraudulent payments, but those of friendly fraud."""
        kinds: tuple[Callable[[], Iterator[Events]], ...] = (
            self._test_cards,
            self._take_over_accounts,
            self._skim_cards,
            self._bust_out,
            self._open_mule_merchants,
        )
        nothing = self._genuine.select(np.zeros(0, np.int64))
        return join_events([nothing, *(events for kind in kinds for events in kind() if len(events))])

    def dispute_some(self) -> Events:
        """The genuine payments. Their owners dispute some of them, which is friendly fraud."""
        genuine, random = self._genuine, self._random
        lines = self._world.merchants.lines[genuine.merchants]
        is_online = np.array([line.channel == "ecommerce" for line in LINES])[lines]
        likely = is_online & (genuine.euros > _FRIENDLY_EUROS) & (genuine.scenarios == 0)
        disputed = likely & draw_flags(random, _FRIENDLY_SHARE, len(genuine))
        genuine.scenarios[disputed] = SCENARIOS.index("friendly_fraud")
        return genuine

    def _test_cards(self) -> Iterator[Events]:
        random = self._random
        for begin in self._draw_begins(_TESTS * self._scale):
            victims = self._choose_accounts(self._size(8, 32))
            attempts = np.repeat(victims, random.choice((1, 2, 3), len(victims), p=(0.7, 0.2, 0.1)))
            count, day = len(attempts), begin // DAY_MS
            merchant = self._draw_merchants(
                np.array([random.choice(_ONLINE_CHEAP)]), np.zeros(1, np.int64), day
            )
            rotates = self._happens(0.3)
            own = self._make_devices(count if rotates else int(random.integers(1, 5)))
            places = self._choose_places(attempts, at_home=0.6)
            yield self._make(
                "card_testing",
                accounts=attempts,
                merchants=np.repeat(merchant, count),
                times=begin + random.integers(0, random.integers(4, 60) * _MINUTE_MS, count),
                euros=np.clip(random.lognormal(0.1, 0.6, count), 0.2, 6),
                places=places,
                devices=own if rotates else random.choice(own, count),
                addresses=self._hide_addresses(places, data_centre=0.6),
            )
            yield self._spend_tested(
                random.permutation(victims)[: max(int(0.4 * len(victims)), 1)], begin, own
            )

    def _spend_tested(self, victims: Numbers, begin: int, devices: Numbers) -> Events:
        random = self._random
        accounts = np.repeat(victims, random.integers(1, 4, len(victims)))
        used = np.where(
            draw_flags(random, 0.5, len(accounts)),
            random.choice(devices, len(accounts)),
            random.choice(self._make_devices(3), len(accounts)),
        )
        delays = dict(zip(victims.tolist(), random.uniform(0.3, 10, len(victims)) * DAY_MS, strict=True))
        starts = np.array([delays[account] for account in accounts.tolist()]).astype(np.int64)
        places = self._choose_places(accounts, at_home=0.6)
        lines = random.choice(_ONLINE_RESALE, len(accounts))
        return self._make(
            "card_testing",
            accounts=accounts,
            merchants=self._draw_merchants(lines, places, begin // DAY_MS),
            times=begin + starts + random.integers(0, 6 * HOUR_MS, len(accounts)),
            euros=random.lognormal(np.log(150), 0.7, len(accounts)),
            places=places,
            devices=used,
            addresses=self._hide_addresses(places, data_centre=0.3),
        )

    def _take_over_accounts(self) -> Iterator[Events]:
        random, world = self._random, self._world
        rate = _TAKEOVERS * world.accounts / 5000
        gang = self._make_devices(1)
        for begin in self._draw_begins(rate):
            if self._happens(0.4):
                gang = self._make_devices(1)
            count = int(random.integers(2, 9))
            accounts = np.repeat(self._choose_accounts(1), count)
            lines = random.choice([*_ONLINE_RESALE, *_TRANSFERS, *_TRANSFERS], count)
            times = begin + np.sort(random.exponential(5 * HOUR_MS, count)).astype(np.int64)
            euros = MEDIANS[lines] * random.lognormal(1.1, 0.6) * random.lognormal(0, 0.5, count)
            if self._happens(0.12):
                # A remote session on the owner's own device.
                merchants = self._draw_merchants(lines, np.zeros(count, np.int64), begin // DAY_MS)
                yield complete_events(
                    random,
                    world,
                    accounts,
                    merchants,
                    times,
                    euros=euros,
                    scenario=SCENARIOS.index("account_takeover"),
                )
                continue
            place = self._choose_places(accounts[:1], at_home=0.5)
            places = np.repeat(place, count)
            yield self._make(
                "account_takeover",
                accounts=accounts,
                merchants=self._draw_merchants(lines, places, begin // DAY_MS),
                times=times,
                euros=euros,
                places=places,
                devices=np.repeat(gang, count),
                addresses=np.repeat(self._hide_addresses(place, data_centre=0.4), count),
            )

    def _skim_cards(self) -> Iterator[Events]:
        random, world, genuine = self._random, self._world, self._genuine
        physical = ~REMOTE[world.merchants.lines]
        visits = np.bincount(genuine.merchants, minlength=len(physical)) * physical
        days = genuine.times // DAY_MS
        for begin in self._draw_begins(_SKIMMINGS * self._scale) if visits.any() else ():
            # A busy place is worth the trouble.
            merchant, day = random.choice(len(visits), p=visits / visits.sum()), begin // DAY_MS
            period = (days >= day) & (days < day + random.integers(5, 40))
            cards = np.unique(genuine.accounts[(genuine.merchants == merchant) & period])
            used = random.permutation(cards)[: self._size(10, 40)]
            for victim in used.tolist():
                first = begin + int(random.uniform(14, 40) * DAY_MS)
                count = int(random.integers(2, 7))
                accounts = np.full(count, victim)
                places = np.repeat(self._choose_places(accounts[:1], at_home=0.2), count)
                lines = random.choice(_CARD_RESALE, count)
                yield self._make(
                    "skimmed_cards",
                    accounts=accounts,
                    merchants=self._draw_merchants(lines, places, first // DAY_MS),
                    times=first + np.sort(random.integers(0, 24 * HOUR_MS, count)),
                    euros=MEDIANS[lines] * random.lognormal(0.9, 0.6, count),
                    places=places,
                    devices=np.full(count, UNKNOWN),
                    addresses=np.full(count, UNKNOWN),
                )

    def _bust_out(self) -> Iterator[Events]:
        random, world = self._random, self._world
        scenario = SCENARIOS.index("bust_out")
        for account, day in zip(world.growing.tolist(), world.growth_ends.tolist(), strict=True):
            if not self._happens(_BUST_SHARE) or day >= world.days:
                continue
            count = int(random.integers(8, 30))
            accounts, lines = np.full(count, account), random.choice(_BUST_LINES, count)
            days = day + random.integers(0, random.integers(2, 7), count)
            days = np.minimum(days, world.days - 1)
            places = world.places[accounts, days]
            merchants = self._draw_merchants(lines, places, day)
            times = days * DAY_MS + draw_day_times(random, lines, places)
            euros = np.clip(MEDIANS[lines], 60, 300) * random.lognormal(1.2, 0.6, count)
            yield complete_events(random, world, accounts, merchants, times, euros=euros, scenario=scenario)

    def _open_mule_merchants(self) -> Iterator[Events]:
        random, world = self._random, self._world
        for merchant in world.mules.tolist():
            begin = int(random.uniform(0, world.days * DAY_MS))
            life = int(random.integers(6, 28))
            count = self._size(30, 120)
            # Advertising comes in waves.
            waves = random.integers(0, life * 24, max(count // 6, 1)) * HOUR_MS
            times = begin + random.choice(waves, count) + random.integers(0, 3 * HOUR_MS, count)
            times = times[times < world.days * DAY_MS]
            accounts = random.choice(world.accounts, len(times))
            price = MEDIANS[world.merchants.lines[merchant]] * random.lognormal(0.9, 0.4)
            euros = price * random.lognormal(0, 0.35, len(times))
            # The account makes a few ordinary payments, which are not fraud.
            is_fraud = ~draw_flags(random, 0.08, len(times))
            for scenario, rows in ((SCENARIOS.index("mule_merchants"), is_fraud), (0, ~is_fraud)):
                merchants = np.full(int(rows.sum()), merchant)
                yield complete_events(
                    random,
                    world,
                    accounts[rows],
                    merchants,
                    times[rows],
                    euros=euros[rows],
                    scenario=scenario,
                )

    def _make(
        self,
        kind: str,
        *,
        accounts: Numbers,
        merchants: Numbers,
        times: Numbers,
        euros: Floats,
        places: Numbers,
        devices: Numbers,
        addresses: Numbers,
    ) -> Events:
        """Payments of this kind, without those after the end of the simulation."""
        lines = self._world.merchants.lines[merchants]
        homes, shops = self._world.homes[accounts], self._world.merchants.countries[merchants]
        at_home = draw_flags(self._random, 0.8, len(lines))
        events = Events(
            times=times,
            accounts=accounts,
            merchants=merchants,
            euros=euros,
            places=places.copy(),
            currencies=np.where(REMOTE[lines], np.where(at_home, homes, shops), places),
            devices=devices.copy(),
            addresses=addresses.copy(),
            scenarios=np.full(len(lines), SCENARIOS.index(kind)),
        )
        return remove_some_fields(self._random, events).select(times < self._world.days * DAY_MS)

    def _happens(self, probability: float) -> bool:
        return bool(self._random.random() < probability)

    def _draw_begins(self, per_day: float) -> list[int]:
        count = int(self._random.poisson(per_day * self._world.days))
        return [int(time) for time in np.sort(self._random.uniform(0, self._world.days * DAY_MS, count))]

    def _size(self, low: int, high: int) -> int:
        return max(int(self._random.integers(low, high) * self._scale), 3)

    def _choose_accounts(self, count: int) -> Numbers:
        return self._random.permutation(self._world.accounts)[:count]

    def _choose_places(self, accounts: Numbers, *, at_home: float) -> Numbers:
        """The home country of each account, or one country for all others."""
        homes = self._world.homes[accounts]
        abroad = self._random.integers(0, self._world.country_count)
        return np.where(draw_flags(self._random, at_home, len(accounts)), homes, abroad)

    def _hide_addresses(self, places: Numbers, *, data_centre: float) -> Numbers:
        """Addresses of proxies: each in a home, or one of a data centre for all payments from a country."""
        random = self._random
        homes = draw_home_addresses(random, places)
        centres = draw_data_centre_addresses(random, np.arange(self._world.country_count))[places]
        return np.where(draw_flags(random, data_centre, len(places)), centres, homes)

    def _draw_merchants(self, lines: Numbers, countries: Numbers, day: int) -> Numbers:
        days = np.full(len(lines), day)
        return self._world.merchants.draw(self._random, lines, countries, days)

    def _make_devices(self, count: int) -> Numbers:
        self._next_device += count
        return np.arange(self._next_device - count, self._next_device)
