"""Shows why a transaction was decided as it was, with everything that was known of it then."""

from collections.abc import Iterable
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from functions.common.domain.currencies import plain, readable
from functions.common.domain.decision import Decision
from functions.common.domain.features import FEATURES, VERSION
from functions.fraud.scoring.reasons import in_words
from operations.monitoring.locate import Location
from operations.review.transaction_record import Labelled, Stored
from terminal import durations
from terminal.output import console, print_json, say

_WITHOUT_ALERT = {
    "none": "none: not suspicious",
    "folded": "counted into the alert for its account at the end of the window",
    "snoozed": "none: snoozed",
}
_SHOWN_AS_MS = 10_000
Rows = Iterable[tuple[str, str]]


def show(stored: Stored, location: Location | None = None, *, as_json: bool = False) -> None:
    """Print the transaction, its decision, reasons and features; or `location`, if it is not decided."""
    if as_json:
        print_json({**as_object(stored), "location": location and location.as_object()})
        return
    decision = stored.decision
    console.print(_section("transaction", _facts(stored)))
    if decision is None:
        say(f"It is not decided yet{_place(location)}")
        return
    console.print(_section("decision", _decided(decision, stored.alerted_at)))
    if decision.reasons:
        console.print(_reasons(decision))
    console.print(_features(decision))
    if not _known(decision):
        say(
            f"Its features are of version {decision.features_version}, and this tree has version {VERSION}:"
            " their names are not known here."
        )


def _place(location: Location | None) -> str:
    if location is None:
        return "."
    return f": it is {location.sentence}.{f' Repair: {location.command}' if location.command else ''}"


def as_object(stored: Stored) -> dict[str, Any]:
    """For scripts: features by name, or a list in their order where this tree does not know their names."""
    decision = stored.decision
    fields = {**stored.fields, "amount": plain(stored.amount), "received_at": stored.received_at}
    return {
        "transaction": fields,
        "label": msgspec.to_builtins(stored.label),
        "decision": decision and {**_builtins(decision), "features": _values(decision)},
        "alerted_at": stored.alerted_at,
    }


def _builtins(decision: Decision) -> dict[str, Any]:
    """All its fields: the record leaves out those that are as by default."""
    return {name: msgspec.to_builtins(value) for name, value in msgspec.structs.asdict(decision).items()}


def _values(decision: Decision) -> dict[str, float | None] | list[float | None]:
    if not _known(decision):
        return list(decision.features)
    return {feature.name: value for feature, value in zip(FEATURES, decision.features, strict=True)}


def _known(decision: Decision) -> bool:
    return decision.features_version == VERSION and len(decision.features) == len(FEATURES)


def _section(title: str, rows: Rows) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(Text(title, "bold"))
    for name, value in rows:
        table.add_row(Text(f"  {name}", "cyan"), Text(value))
    return table


def _facts(stored: Stored) -> Rows:
    for name, value in stored.fields.items():
        if name == "currency":
            yield "amount", readable(stored.amount, str(value))
        elif name == "timestamp":
            yield name, f"{value} ({durations.at(int(value))})"
        else:
            yield name, str(value)
    if stored.received_at:
        yield "received", durations.at(stored.received_at)
    yield "label", _label(stored.label)


def _label(label: Labelled | None) -> str:
    if label is None:
        return "none yet"
    source = f", by {label.source}" if label.source else ""
    reported = f", reported {durations.at(label.reported_at)}" if label.reported_at else ""
    return f"{label.label}{source}{reported}"


def _alert(decision: Decision, alerted_at: int | None) -> str:
    """Whether an alert was published. One that is not recorded may still wait in a queue."""
    if outcome := _WITHOUT_ALERT.get(decision.told):
        return outcome
    if alerted_at is None:
        return "not accepted by the topic yet: waiting in suspicious, or in suspicious-dlq (invoke health)"
    return f"accepted by the topic at {durations.at(alerted_at)}"


def _decided(decision: Decision, alerted_at: int | None) -> Rows:
    yield "suspicious", f"{'yes' if decision.suspicious else 'no'}, by {decision.decided_by}"
    yield "score", f"{decision.score:.4f}"
    model = "" if decision.probability is None else f", model {decision.probability:.4f}"
    yield "of which", f"rules {decision.rules_score:.4f}{model}"
    window = f" (since {durations.at(decision.told_since)})" if decision.told in ("summary", "folded") else ""
    yield "alert", _alert(decision, alerted_at) + window
    after = _seconds(decision.latency_ms)
    yield "when", f"{durations.at(decision.decided_at)}, {after} after it was received"
    yield "versions", f"rules {decision.rules}, {f'model {decision.model}' if decision.model else 'no model'}"
    if decision.shadow_rules:
        yield "in shadow", f"would hold: {', '.join(decision.shadow_rules)}"
    if candidate := decision.candidate:
        said = "suspicious" if candidate.suspicious else "not suspicious"
        with_model = f", model {candidate.model}" if candidate.model else ""
        yield "candidate", f"{said}, score {candidate.score:.4f} (rules {candidate.rules}{with_model})"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < _SHOWN_AS_MS else durations.in_words(milliseconds / 1000)


def _reasons(decision: Decision) -> Table:
    table = Table("weight", "reason", "by", title="reasons", title_justify="left", title_style="bold")
    for reason in decision.reasons:
        table.add_row(f"{reason.weight:+.2f}", Text(reason.text), Text(reason.rule_id))
    return table


def _features(decision: Decision) -> Table:
    table = Table(
        "feature", "value", "what it is", title="features", title_justify="left", title_style="bold"
    )
    if not _known(decision):
        for place, value in enumerate(decision.features):
            table.add_row(str(place), "unknown" if value is None else f"{value:g}", "")
        return table
    for feature, value in zip(FEATURES, decision.features, strict=True):
        table.add_row(feature.name, in_words(feature.unit, value), feature.words)
    return table
