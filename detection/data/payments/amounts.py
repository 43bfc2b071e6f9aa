"""Amounts as people and shops choose them: notes from cash machines, prices such as 9.99, round transfers."""

import numpy as np
from numpy.random import Generator

from detection.data.payments.catalogue import COUNTRIES, LINES
from detection.data.payments.events import Floats, Numbers, draw_flags
from functions.common.domain.currencies import decimal_places

_UNITS = np.array([country.units for country in COUNTRIES])
_NOTES = np.array([country.note for country in COUNTRIES])
PLACES = np.array([decimal_places(country.currency) for country in COUNTRIES])
_IS_CASH, _IS_ONLINE, _IS_TRANSFER = (
    np.array([line.channel == channel for line in LINES]) for channel in ("atm", "ecommerce", "transfer")
)
# The share of online prices such as 9.99, and of round transfers.
_CHOSEN_SHARE = 0.6
_WITHOUT_CENTS = np.array([country.currency == "HUF" for country in COUNTRIES])


def choose_amounts(random: Generator, euros: Floats, currencies: Numbers, lines: Numbers) -> Numbers:
    """The amounts in minor units of the currencies of these countries, at least one unit.

    The same for genuine payments and fraud, so that no digit of an amount tells them apart.
    """
    amounts = euros * _UNITS[currencies]
    minor = 10 ** PLACES[currencies]
    chosen = draw_flags(random, _CHOSEN_SHARE, len(euros))
    digits = np.floor(np.log10(np.maximum(amounts, 1e-6)))
    round_unit = np.maximum(10 ** (digits - 1), 1)
    prices = np.ceil(amounts) - np.where(PLACES[currencies] > 0, 0.01, 0)
    amounts = np.where(_IS_ONLINE[lines] & chosen, prices, amounts)
    rounded = np.round(amounts / round_unit) * round_unit
    amounts = np.where(_IS_TRANSFER[lines] & chosen, rounded, amounts)
    notes = _NOTES[currencies]
    amounts = np.where(_IS_CASH[lines], np.maximum(np.round(amounts / notes), 1) * notes, amounts)
    amounts = np.where(_WITHOUT_CENTS[currencies], np.round(amounts), amounts)
    result: Numbers = np.maximum(np.rint(amounts * minor), 1).astype(np.int64)
    return result
