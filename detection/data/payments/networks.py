"""IP addresses of the simulated payments: homes, carriers, employers, hotels, and data centres.

An address is a number: below 2**24 it is the last three bytes of an IPv4 address in 10.0.0.0/8, above it the
network and the host of an IPv6 address in 2001:db8::/32. Both ranges are reserved: no address is real.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from detection.data.payments.events import UNKNOWN, Flags, Numbers, draw_flags

_IPV6 = 1 << 24
_NETWORK_HOSTS = 256
# The /24 networks of a country: homes and hotels, then carriers.
_COUNTRY_NETWORKS, _HOME_NETWORKS = 3840, 3072
_CARRIERS, _CARRIER_ADDRESSES = 3, 6
_EMPLOYEES = 25
# Data centres are above the networks of 16 countries.
_FIRST_DATA_CENTRE = 16 * _COUNTRY_NETWORKS
DATA_CENTRES = 400
_HOUSEHOLDS_PER_NETWORK = 8
# Shares of payments: by phone at home and abroad, at work, and by VPN among its users.
_MOBILE_SHARE, _ROAMING_SHARE, _WORK_SHARE, _VPN_SHARE = 0.3, 0.35, 0.2, 0.6


@dataclass(frozen=True)
class Networks:
    """`leases`: the days after which the address of a household changes. `employers` is UNKNOWN for none."""

    homes: Numbers
    households: Numbers
    home_networks: Numbers
    uses_ipv6: Flags
    leases: Numbers
    carriers: Numbers
    employer_addresses: Numbers
    uses_vpn: Flags
    vpn_countries: Numbers
    country_count: int

    def find_addresses(
        self, random: Generator, accounts: Numbers, days: Numbers, places: Numbers
    ) -> tuple[Numbers, Numbers]:
        """The IP address of each online payment, and the country of that address."""
        choice, countries = random.random(len(accounts)), places.copy()
        at_home = places == self.homes[accounts]
        addresses = self._home_addresses(accounts, days)
        hotels = np.flatnonzero(~at_home & (choice >= _ROAMING_SHARE))
        addresses[hotels] = draw_home_addresses(random, places[hotels])
        mobile = np.flatnonzero((at_home & (choice < _MOBILE_SHARE)) | (~at_home & (choice < _ROAMING_SHARE)))
        addresses[mobile] = self._carrier_addresses(random, accounts[mobile])
        # A mobile phone abroad uses the network of its carrier at home.
        countries[mobile] = self.homes[accounts[mobile]]
        at_work = at_home & (choice > 1 - _WORK_SHARE) & (self.employer_addresses[accounts] != UNKNOWN)
        addresses[at_work] = self.employer_addresses[accounts[at_work]]
        vpn = np.flatnonzero(self.uses_vpn[accounts] & draw_flags(random, _VPN_SHARE, len(accounts)))
        addresses[vpn] = draw_data_centre_addresses(random, self.vpn_countries[accounts[vpn]])
        countries[vpn] = self.vpn_countries[accounts[vpn]]
        return addresses, countries

    def _home_addresses(self, accounts: Numbers, days: Numbers) -> Numbers:
        households = self.households[accounts]
        # A lease begins on a day of its own in each household.
        leases = (days + households) // self.leases[households]
        hosts = 1 + (households * 7919 + leases * 104_729) % 254
        networks = self.home_networks[households]
        result: Numbers = np.where(
            self.uses_ipv6[households],
            _IPV6 + (1 + households % 65_535) * 65_536 + hosts,
            networks * _NETWORK_HOSTS + hosts,
        )
        return result

    def _carrier_addresses(self, random: Generator, accounts: Numbers) -> Numbers:
        networks = self.homes[accounts] * _COUNTRY_NETWORKS + _HOME_NETWORKS + self.carriers[accounts]
        hosts = 1 + random.integers(0, _CARRIER_ADDRESSES, len(accounts))
        return networks * _NETWORK_HOSTS + hosts


def build_networks(random: Generator, homes: Numbers, households: Numbers, country_count: int) -> Networks:
    accounts, count = len(homes), int(households.max()) + 1
    household_homes = np.zeros(count, np.int64)
    household_homes[households] = homes
    shared = np.maximum(np.bincount(household_homes, minlength=country_count) // _HOUSEHOLDS_PER_NETWORK, 1)
    # The networks of a country are spread over its range.
    numbers = random.integers(0, shared[household_homes]) * 1543 % _HOME_NETWORKS
    employers = random.integers(
        0, _COUNTRY_NETWORKS - _HOME_NETWORKS - _CARRIERS, max(accounts // _EMPLOYEES, 1)
    )
    employer_networks = _HOME_NETWORKS + _CARRIERS + employers[random.integers(0, len(employers), accounts)]
    employer_addresses = (homes * _COUNTRY_NETWORKS + employer_networks) * _NETWORK_HOSTS + 1
    return Networks(
        homes=homes,
        households=households,
        home_networks=household_homes * _COUNTRY_NETWORKS + numbers,
        uses_ipv6=draw_flags(random, 0.2, count),
        leases=random.integers(4, 200, count),
        carriers=random.integers(0, _CARRIERS, accounts),
        employer_addresses=np.where(draw_flags(random, 0.3, accounts), employer_addresses, UNKNOWN),
        uses_vpn=draw_flags(random, 0.03, accounts),
        vpn_countries=random.integers(0, country_count, accounts),
        country_count=country_count,
    )


def draw_home_addresses(random: Generator, countries: Numbers) -> Numbers:
    """An address of a home or a hotel in each country."""
    networks = countries * _COUNTRY_NETWORKS + random.integers(0, _HOME_NETWORKS, len(countries))
    return networks * _NETWORK_HOSTS + random.integers(1, 255, len(countries))


def draw_data_centre_addresses(random: Generator, countries: Numbers) -> Numbers:
    """An address of a data centre, of few that many share, in each country."""
    numbers = random.integers(0, DATA_CENTRES // 16, len(countries)) * 16 + countries
    return (_FIRST_DATA_CENTRE + numbers) * _NETWORK_HOSTS + random.integers(1, 9, len(countries))


def format_address(address: int) -> str:
    """The text of an address.

    >>> format_address(0x010203)
    '10.1.2.3'
    """
    if address < _IPV6:
        return f"10.{address >> 16}.{address >> 8 & 255}.{address & 255}"
    network, host = divmod(address - _IPV6, 65_536)
    return f"2001:db8:{network:x}::{host:x}"
