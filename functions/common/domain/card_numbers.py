"""Card numbers in texts: 13 to 19 digits, also with separators, that pass the Luhn check.

One in ten numbers passes the check by chance. Forms of other numbers, such as times and UUIDs, are therefore
not card numbers: see docs/adr/0035-card-numbers-are-refused.md.
"""

import re
from collections.abc import Iterator, Sequence

CARD_NUMBER_ERROR = "seems to contain a card number"

_MIN_DIGITS, _MAX_DIGITS = 13, 19
_DIGITS = re.compile(rf"(?<![0-9])[0-9](?:[ \t._-]{{0,3}}+[0-9]){{{_MIN_DIGITS - 1},}}+")
# Compiled at its first use, which most instances of a function never reach.
_OTHER_NUMBERS = r"""(?x)
      (?<![0-9A-Za-z]) (?:
        [0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}            # a UUID
      | (?=[0-9]*[A-Fa-f]) (?:                                          # hexadecimal digits with a letter:
          [0-9A-Fa-f]{64} | [0-9A-Fa-f]{40} | [0-9A-Fa-f]{32} | [0-9A-Fa-f]{24} | [0-9A-Fa-f]{16} )
      | (?P<iban> [A-Z]{2}\d{2} (?: [0-9A-Z]{11,30} | (?:[ -][0-9A-Z]{4}){2,7}(?:[ -][0-9A-Z]{1,4})? ) )
      ) (?![0-9A-Za-z])
    | (?<!\d) (?:
        1\d{12} | 1[4-8]\d{14} | 1[0-8]\d{17}                           # a time since 1970 in ms, µs or ns
      | 20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{0,11}          # a date and more digits
      | 20\d\d(?P<dash>[-._])(?:0[1-9]|1[0-2])(?P=dash)(?:0[1-9]|[12]\d|3[01])
      | (?:01|35|86|99)(?P<gap>[ -]?)\d{6}(?P=gap)\d{6}(?P=gap)\d       # an IMEI, the number of a phone
      | 89\d{17}                                                        # an ICCID, the number of a SIM card
      ) (?!\d)"""
_IBAN_MODULUS = 97
# The lengths of the groups in which card numbers are printed, except groups of four.
_GROUPS = ((4, 6, 5), (4, 6, 4), (8, 8))
_GROUP_DIGITS, _MAX_LAST_GROUP = 4, 5
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def contains_card_number(text: str) -> bool:
    """Whether a text contains a card number."""
    # Most texts are ASCII and have fewer digits.
    if text.isascii() and not _DIGITS.search(text):
        return False
    return next(_find_card_numbers(text), None) is not None


def mask_card_numbers(text: str) -> str:
    """The text with '*' for each digit of a card number."""
    characters = list(text)
    for begin, end in _find_card_numbers(text):
        characters[begin:end] = ["*" if letter.isdecimal() else letter for letter in text[begin:end]]
    return "".join(characters)


def _find_card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """The begin and end of each card number."""
    if not text.isascii():
        text = "".join(map(_replace_character, text))
    if not _DIGITS.search(text):
        return
    text = re.sub(_OTHER_NUMBERS, _hide, text)
    for match in _DIGITS.finditer(text):
        groups = [(group.start(), group[0]) for group in re.finditer("[0-9]+", match[0])]
        is_apart = not (text[: match.start()][-1:].isalpha() or text[match.end() :][:1].isalpha())
        for first, last, digits in _list_windows(groups, is_apart=is_apart):
            if _passes_luhn(digits):
                begin, end = groups[first][0], groups[last][0] + len(groups[last][1])
                yield match.start() + begin, match.start() + end


def _replace_character(character: str) -> str:
    """A digit of another script as ASCII, and '-' for a space, a symbol or an invisible character."""
    if character.isdecimal():
        return str(int(character))
    return character if character.isascii() or character.isalpha() else "-"


def _hide(match: re.Match[str]) -> str:
    """Letters of the same length, or the text itself if an IBAN's check digits are wrong."""
    if match["iban"] and not _is_iban(match["iban"]):
        return match[0]
    return "x" * len(match[0])


def _is_iban(text: str) -> bool:
    letters = re.sub("[ -]", "", text)
    return int("".join(str(int(letter, 36)) for letter in letters[4:] + letters[:4])) % _IBAN_MODULUS == 1


def _list_windows(groups: Sequence[tuple[int, str]], *, is_apart: bool) -> Iterator[tuple[int, int, str]]:
    """The first group, the last group and the digits of each part that can be a card number by its groups.

    All groups together can have any lengths if no letter adjoins them (`is_apart`): digits next to a letter
    can be a part of a checksum.
    """
    for first, (_, group) in enumerate(groups):
        # No card number begins with 0, but a padded counter does.
        digits = group.lstrip("0")
        if not digits:
            continue
        lengths = [len(group)]
        for last in range(first, len(groups)):
            if last > first:
                digits += groups[last][1]
                lengths.append(len(groups[last][1]))
            if len(digits) > _MAX_DIGITS:
                break
            is_whole = is_apart and len(lengths) == len(groups)
            if len(digits) >= _MIN_DIGITS and (is_whole or _has_card_groups(lengths)):
                yield first, last, digits


def _has_card_groups(lengths: Sequence[int]) -> bool:
    if len(lengths) == 1 or tuple(lengths) in _GROUPS:
        return True
    return set(lengths[:-1]) == {_GROUP_DIGITS} and lengths[-1] <= _MAX_LAST_GROUP


def _passes_luhn(digits: str) -> bool:
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0
