"""The likely meaning of labels that are words."""

import re
from typing import Literal

from detection.data.column_map import label_spellings

LabelKind = Literal["fraud", "genuine", "unknown"]

_WORDS: dict[LabelKind, str] = {
    "fraud": "fraud chargeback bad positive anomaly suspicious confirmed illicit laundering stolen"
    " betrug fraude frode ja sí si oui sim wahr vrai verdadero",
    "genuine": "good negative normal clean ok valid licit approved g legítimo legitimo légitime"
    " nein non nao não falsch faux falso",
    "unknown": "pending open unknown review investigation unlabeled unlabelled unconfirmed undecided",
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_NEGATIONS = frozenset({"not", "no", "non", "false", "kein", "keine", "não", "sin", "pas"})


def classify_label(text: str) -> LabelKind | None:
    """The likely meaning of a label, None if it is not known.

    >>> classify_label("confirmed_fraud"), classify_label("not fraud"), classify_label("under review")
    ('fraud', 'genuine', 'unknown')
    """
    spellings = label_spellings()
    if text in spellings:
        return "fraud" if spellings[text] else "genuine" if spellings[text] is False else "unknown"
    try:
        return {1.0: "fraud", 0.0: "genuine"}.get(float(text))  # type: ignore[return-value]
    except ValueError:
        pass
    # Negations are words, as in "not fraud", or joined, as in "nonfraud".
    words = re.findall(r"[^\W\d_]+", re.sub(r"\b(non|not)(?=fraud)", r"\1 ", text.lower()))
    is_negated = len(words) > 1 and bool(_NEGATIONS & set(words))
    contents = [word for word in words if not is_negated or word not in _NEGATIONS]
    kinds = {kind for word in contents if (kind := _find_kind(word))}
    if "unknown" in kinds:
        return "unknown"
    if kinds == {"fraud"}:
        return "genuine" if is_negated else "fraud"
    return "genuine" if kinds == {"genuine"} and not is_negated else None


def _find_kind(word: str) -> LabelKind | None:
    known = label_spellings().get(word)
    if known is not None:
        return "fraud" if known else "genuine"
    return _KINDS.get(word) or _KINDS.get(word.removesuffix("s"))
