"""The report on a candidate and on rules in shadow: reading, with progress, and what is shown."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from operations.review import decision_scan
from operations.review.candidate_report import Comparison, Flagged, ShadowReport
from terminal.output import console, print_json, progress_console, say

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_UNKNOWN = "-"


def report(client: "DynamoDBClient", table: str, *, since_ms: int, since: str, as_json: bool = False) -> None:
    """Read what was decided since then and print how candidates and rules in shadow did. Raises UserError."""
    say("This reads the whole table of transactions once.")
    found = read(client, table, since_ms)
    if as_json:
        print_json(as_object(found))
    else:
        _show(found, since)


def read(client: "DynamoDBClient", table: str, since_ms: int) -> ShadowReport:
    """All that was decided since then, counted; shows how far it is. Raises UserError."""
    found, unreadable = ShadowReport(), list[str]()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    on_terminal = progress_console.is_terminal
    with Progress(*columns, console=progress_console, disable=not on_terminal, transient=True) as bar:
        task = bar.add_task("reading")

        def progress(items: int) -> None:
            bar.update(task, description=f"{items:,} items read, {found.decisions:,} decisions")

        for one in decision_scan.read(client, table, since_ms, progress, unreadable.append):
            found.add(one)
    if unreadable:
        say(f"Left out: {len(unreadable)} decisions that this tree cannot read, such as {unreadable[0]}.")
    return found


def as_object(found: ShadowReport) -> dict[str, Any]:
    """For scripts."""
    return {
        "decisions": found.decisions,
        "labelled": found.labelled,
        "frauds": found.frauds,
        "candidates": [_comparison(one) for one in _by_count(found)],
        "shadow_rules": {
            rule_id: {
                "held": rule.held.count,
                "fraud": rule.held.fraud,
                "genuine": rule.held.genuine,
                "not_flagged_live": rule.new,
            }
            for rule_id, rule in sorted(found.rules.items())
        },
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "rules": one.rules,
        "model": one.model,
        "decisions": one.count,
        "both": one.both,
        "only_live": one.only_live,
        "only_candidate": one.only_candidate,
        "neither": one.neither,
        "frauds": one.frauds,
        "live": _figures(one.live, one.frauds),
        "candidate": _figures(one.candidate, one.frauds),
        "disagreements": [
            {
                "transaction_id": each.transaction_id,
                "live": each.live,
                "candidate": each.candidate,
                "label": each.label,
            }
            for each in one.disagreements
        ],
    }


def _figures(flagged: Flagged, frauds: int) -> dict[str, float | int | None]:
    return {
        "flagged": flagged.count,
        "fraud": flagged.fraud,
        "genuine": flagged.genuine,
        "precision": flagged.precision,
        "recall": flagged.recall(frauds),
    }


def _by_count(found: ShadowReport) -> Iterable[Comparison]:
    return sorted(found.candidates.values(), key=lambda one: one.count, reverse=True)


def _show(found: ShadowReport, since: str) -> None:
    labels = f"{found.labelled:,} of them with a label, {found.frauds:,} fraud"
    console.print(Text(f"{found.decisions:,} decisions in the last {since}, {labels}", "bold"))
    for one in _by_count(found):
        console.print(_title(one), _agreement(one), _quality(one))
        if one.disagreements:
            console.print(_disagreements(one))
    if not found.candidates:
        console.print(
            "No candidate decided: candidateRulesFile or candidateModelFile of processing name one."
        )
    if found.rules:
        console.print(_shadow_rules(found))
    else:
        console.print("No rule in shadow held.")


def _title(one: Comparison) -> Text:
    model = f", model {one.model}" if one.model else ""
    return Text(
        f"\ncandidate: rules {one.rules}{model}; {one.count:,} decisions beside what was live", "bold"
    )


def _agreement(one: Comparison) -> Table:
    table = Table("flagged by both", "only live", "only the candidate", "by neither")
    table.add_row(*(f"{count:,}" for count in (one.both, one.only_live, one.only_candidate, one.neither)))
    return table


def _quality(one: Comparison) -> Table:
    """Precision is of those with a label: where only fraud is ever reported, it says nothing."""
    table = Table("", "flagged", "fraud", "genuine", "no label", "precision", "recall")
    for name, flagged in (("live", one.live), ("candidate", one.candidate)):
        table.add_row(name, *_counts(flagged), _share(flagged.precision), _share(flagged.recall(one.frauds)))
    return table


def _disagreements(one: Comparison) -> Table:
    table = Table("transaction", "live", "candidate", "label", title="furthest apart", title_justify="left")
    for each in one.disagreements:
        table.add_row(
            Text(each.transaction_id), f"{each.live:.4f}", f"{each.candidate:.4f}", each.label or _UNKNOWN
        )
    return table


def _shadow_rules(found: ShadowReport) -> Table:
    table = Table(
        "rule", "held", "fraud", "genuine", "no label", "precision", "not flagged otherwise",
        title="rules in shadow", title_justify="left", title_style="bold",
    )  # fmt: skip
    for rule_id, rule in sorted(found.rules.items()):
        table.add_row(Text(rule_id), *_counts(rule.held), _share(rule.held.precision), f"{rule.new:,}")
    return table


def _counts(flagged: Flagged) -> list[str]:
    unlabelled = flagged.count - flagged.fraud - flagged.genuine
    return [f"{count:,}" for count in (flagged.count, flagged.fraud, flagged.genuine, unlabelled)]


def _share(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{100 * value:.1f} %"
