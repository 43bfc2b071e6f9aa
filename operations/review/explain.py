"""Explains a decision: shows the transaction, its decision, reasons and features as tables or JSON."""

from collections.abc import Iterable
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from functions.common.domain.currencies import format_money, format_plain
from functions.common.domain.decision import Decision, Notification
from functions.common.domain.features import FEATURES_VERSION, Feature, find_features
from functions.fraud.scoring.reasons import format_feature
from operations.monitoring.locate import Location
from operations.review.transaction_record import RecordedLabel, TransactionRecord
from terminal import durations
from terminal.command_line import command_line
from terminal.output import console, print_json, print_message

_WITHOUT_OWN_ALERT = {
    Notification.NONE: "none: not suspicious",
    Notification.FOLDED: "counted in the summary for its account at the end of the alert window",
    Notification.SNOOZED: "none: snoozed",
}
_MAX_MILLISECONDS = 10_000
Rows = Iterable[tuple[str, str]]


def show_explanation(
    record: TransactionRecord, location: Location | None = None, *, as_json: bool = False
) -> None:
    """Print the transaction and its decision. Without a decision, print `location` if it is known."""
    if as_json:
        print_json({**explanation_to_json(record), "location": msgspec.to_builtins(location)})
        return
    decision = record.decision
    console.print(_build_section("transaction", _list_transaction_rows(record)))
    if decision is None:
        print_message(f"The transaction has no decision yet{_describe_location(location)}")
        return
    console.print(_build_section("decision", _list_decision_rows(decision, record.alerted_at)))
    if decision.reasons:
        console.print(_build_reasons_table(decision))
    console.print(_build_features_table(decision))
    if not _find_features(decision):
        print_message(
            f"The features are shown without names: they have version {decision.features_version}, and"
            f" the newest version that this code supports is version {FEATURES_VERSION}."
        )


def explanation_to_json(record: TransactionRecord) -> dict[str, Any]:
    """Return the record as a JSON object. Features are a list if their version is unknown, else by name."""
    decision = record.decision
    fields = {**record.fields, "amount": format_plain(record.amount), "received_at": record.received_at}
    return {
        "transaction": fields,
        "label": msgspec.to_builtins(record.label),
        "decision": decision and {**_decision_to_json(decision), "features": _features_to_json(decision)},
        "alerted_at": record.alerted_at,
    }


def _decision_to_json(decision: Decision) -> dict[str, Any]:
    """Return all fields by their stored names, including those that the stored JSON omits as defaults."""
    return {
        field.encode_name: msgspec.to_builtins(getattr(decision, field.name))
        for field in msgspec.structs.fields(decision)
    }


def _features_to_json(decision: Decision) -> dict[str, float | None] | list[float | None]:
    features = _find_features(decision)
    if not features:
        return list(decision.features)
    return {feature.name: value for feature, value in zip(features, decision.features, strict=True)}


def _find_features(decision: Decision) -> tuple[Feature, ...]:
    """The features in the order of the decision's values; empty if their version is unknown."""
    features = find_features(decision.features_version) or ()
    return features if len(features) == len(decision.features) else ()


def _describe_location(location: Location | None) -> str:
    if location is None:
        return "."
    repair = f" Repair: {location.command}" if location.command else ""
    return f": it is {location.sentence}.{repair}"


def _build_section(title: str, rows: Rows) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(Text(title, "bold"))
    for name, value in rows:
        table.add_row(Text(f"  {name}", "cyan"), Text(value))
    return table


def _list_transaction_rows(record: TransactionRecord) -> Rows:
    for name, value in record.fields.items():
        if name == "currency":
            yield "amount", format_money(record.amount, str(value))
        elif name == "timestamp":
            yield name, f"{value} ({durations.format_time(int(value))})"
        else:
            yield name, str(value)
    if record.received_at:
        yield "received", durations.format_time(record.received_at)
    yield "label", _format_label(record.label)


def _format_label(label: RecordedLabel | None) -> str:
    if label is None:
        return "none yet"
    source = f", by {label.source}" if label.source else ""
    reported = f", reported {durations.format_time(label.reported_at)}" if label.reported_at else ""
    return f"{label.label}{source}{reported}"


def _list_decision_rows(decision: Decision, alerted_at: int | None) -> Rows:
    yield "suspicious", f"{'yes' if decision.suspicious else 'no'}, by {decision.decided_by}"
    yield "score", f"{decision.score:.4f}"
    joint = "" if decision.probability is None else f", joint probability {decision.probability:.4f}"
    yield "parts", f"weights of rules {decision.rules_score:.4f}{joint}"
    features = _features_to_json(decision)
    if isinstance(features, dict) and features["amount_euros"] is None:
        yield "euros", "unknown: the currency has no exchange rate"
    yield "alert", _format_alert(decision, alerted_at)
    delay = _format_delay(decision.latency_ms)
    yield "when", f"{durations.format_time(decision.decided_at)}, {delay} after it was received"
    yield "versions", f"rules {decision.rules}, {f'model {decision.model}' if decision.model else 'no model'}"
    if decision.shadow_rules:
        yield "in shadow", f"would match: {', '.join(decision.shadow_rules)}"
    if candidate := decision.candidate:
        result = "suspicious" if candidate.suspicious else "not suspicious"
        model = f", model {candidate.model}" if candidate.model else ""
        yield "candidate", f"{result}, score {candidate.score:.4f} (rules {candidate.rules}{model})"


def _format_alert(decision: Decision, alerted_at: int | None) -> str:
    """Return the state of the alert. Without a record of its publication, it may wait in a queue."""
    text = _WITHOUT_OWN_ALERT.get(decision.notification)
    if decision.notification is Notification.NONE and decision.suspicious:
        text = "none: a past transaction, posted to /transactions/historic"
    if text is None and alerted_at is None:
        health = command_line("health")
        text = f"not published yet: it is in the queue suspicious or suspicious-dlq (see: {health})"
    elif text is None:
        text = f"accepted by the topic at {durations.format_time(alerted_at or 0)}"
    if decision.notification in (Notification.SUMMARY, Notification.FOLDED):
        text += f" (window since {durations.format_time(decision.window_started_at)})"
    return text


def _format_delay(milliseconds: int) -> str:
    if milliseconds < _MAX_MILLISECONDS:
        return f"{milliseconds} ms"
    return durations.format_duration(milliseconds / 1000)


def _build_reasons_table(decision: Decision) -> Table:
    table = Table("weight", "reason", "by", title="reasons", title_justify="left", title_style="bold")
    for reason in decision.reasons:
        table.add_row(f"{reason.weight:+.2f}", Text(reason.text), Text(reason.rule_id))
    return table


def _build_features_table(decision: Decision) -> Table:
    table = Table(
        "feature", "value", "what it is", title="features", title_justify="left", title_style="bold"
    )
    features = _find_features(decision)
    if not features:
        for index, value in enumerate(decision.features):
            table.add_row(str(index), "unknown" if value is None else f"{value:g}", "")
        return table
    for feature, value in zip(features, decision.features, strict=True):
        table.add_row(feature.name, format_feature(feature.unit, value), feature.description)
    return table
