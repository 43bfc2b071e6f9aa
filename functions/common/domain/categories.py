"""Merchant categories: the one spelling in which rules compare them."""

import re
from functools import lru_cache

# Spreadsheets write the code 0742 as 742 or 742.0.
_CODE = re.compile(r"(\d{1,4})(?:\.0+)?")
_SEPARATORS = re.compile(r"[\s_/-]+")
_CODE_DIGITS = 4
_CACHED = 4096


@lru_cache(_CACHED)
def normalize_category(category: str | None) -> str | None:
    """The category in lower case with underscores, a category code with four digits; None if unknown."""
    if category is None:
        return None
    text = category.strip()
    if code := _CODE.fullmatch(text):
        return code[1].zfill(_CODE_DIGITS)
    return _SEPARATORS.sub("_", text.casefold()) or None
