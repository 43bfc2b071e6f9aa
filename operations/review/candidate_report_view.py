"""The candidate report as tables and as JSON."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from operations.review.candidate_report import CandidateComparison, FlagCounts, ShadowReport, scan_decisions
from terminal.output import console, print_json, print_message
from terminal.progress import open_progress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_UNKNOWN = "-"


def show_report(
    client: "DynamoDBClient", table: str, *, since_ms: int, since: str, as_json: bool = False
) -> None:
    """Read the decisions since `since_ms` and print the report. Raises UserError."""
    print_message("This scans the whole table of transactions once.")
    report = read_report(client, table, since_ms)
    if as_json:
        print_json(report_to_json(report))
    else:
        _print_report(report, since)


def read_report(client: "DynamoDBClient", table: str, since_ms: int) -> ShadowReport:
    """Count the decisions since `since_ms`. Raises UserError."""
    report, unreadable = ShadowReport(), list[str]()
    with open_progress("reading", None) as progress:

        def show_count(items: int) -> None:
            progress.update(items, f"{items:,} items read, {report.decisions:,} decisions")

        for decision in scan_decisions(client, table, since_ms, show_count, unreadable.append):
            report.add(decision)
    if unreadable:
        print_message(
            f"Left out {len(unreadable)} decisions in a format that this version does not support, such as"
            f" that of '{unreadable[0]}'."
        )
    return report


def report_to_json(report: ShadowReport) -> dict[str, Any]:
    """Return the report as a JSON object."""
    return {
        "decisions": report.decisions,
        "labelled": report.labelled,
        "frauds": report.frauds,
        "candidates": [_comparison_to_json(comparison) for comparison in _sort_by_count(report)],
        "shadow_rules": {
            rule_id: {
                "held": rule.matched.count,
                "fraud": rule.matched.fraud,
                "genuine": rule.matched.genuine,
                "not_flagged_live": rule.not_flagged_live,
            }
            for rule_id, rule in sorted(report.rules.items())
        },
    }


def _comparison_to_json(comparison: CandidateComparison) -> dict[str, Any]:
    return {
        "rules": comparison.rules,
        "model": comparison.model,
        "decisions": comparison.count,
        "both": comparison.both,
        "only_live": comparison.only_live,
        "only_candidate": comparison.only_candidate,
        "neither": comparison.neither,
        "frauds": comparison.frauds,
        "live": _counts_to_json(comparison.live, comparison.frauds),
        "candidate": _counts_to_json(comparison.candidate, comparison.frauds),
        "disagreements": [
            {
                "transaction_id": disagreement.transaction_id,
                "live": disagreement.live,
                "candidate": disagreement.candidate,
                "label": disagreement.label,
            }
            for disagreement in comparison.disagreements
        ],
    }


def _counts_to_json(counts: FlagCounts, frauds: int) -> dict[str, float | int | None]:
    return {
        "flagged": counts.count,
        "fraud": counts.fraud,
        "genuine": counts.genuine,
        "precision": counts.precision,
        "recall": counts.recall(frauds),
    }


def _sort_by_count(report: ShadowReport) -> Iterable[CandidateComparison]:
    return sorted(report.candidates.values(), key=lambda comparison: comparison.count, reverse=True)


def _print_report(report: ShadowReport, since: str) -> None:
    labels = f"{report.labelled:,} of them with a label, {report.frauds:,} fraud"
    console.print(Text(f"{report.decisions:,} decisions in the last {since}, {labels}", "bold"))
    for comparison in _sort_by_count(report):
        console.print(
            _format_title(comparison), _build_agreement_table(comparison), _build_quality_table(comparison)
        )
        if comparison.disagreements:
            console.print(_build_disagreements_table(comparison))
    if not report.candidates:
        console.print(
            "No candidate decisions. Set candidateRulesFile or candidateModelFile of the layer processing."
        )
    if report.rules:
        console.print(_build_shadow_rules_table(report))
    else:
        console.print("No rule in shadow matched.")


def _format_title(comparison: CandidateComparison) -> Text:
    model = f", model {comparison.model}" if comparison.model else ""
    return Text(f"\ncandidate: rules {comparison.rules}{model}; {comparison.count:,} decisions", "bold")


def _build_agreement_table(comparison: CandidateComparison) -> Table:
    table = Table("flagged by both", "only live", "only the candidate", "by neither")
    counts = (comparison.both, comparison.only_live, comparison.only_candidate, comparison.neither)
    table.add_row(*(f"{count:,}" for count in counts))
    return table


def _build_quality_table(comparison: CandidateComparison) -> Table:
    """Return precision and recall. If only fraud is ever reported, precision is meaningless."""
    table = Table("", "flagged", "fraud", "genuine", "no label", "precision", "recall")
    for name, counts in (("live", comparison.live), ("candidate", comparison.candidate)):
        recall = counts.recall(comparison.frauds)
        table.add_row(name, *_format_counts(counts), _format_share(counts.precision), _format_share(recall))
    return table


def _build_disagreements_table(comparison: CandidateComparison) -> Table:
    table = Table("transaction", "live", "candidate", "label", title="furthest apart", title_justify="left")
    for disagreement in comparison.disagreements:
        table.add_row(
            Text(disagreement.transaction_id),
            f"{disagreement.live:.4f}",
            f"{disagreement.candidate:.4f}",
            disagreement.label or _UNKNOWN,
        )
    return table


def _build_shadow_rules_table(report: ShadowReport) -> Table:
    table = Table(
        "rule", "held", "fraud", "genuine", "no label", "precision", "not flagged otherwise",
        title="rules in shadow", title_justify="left", title_style="bold",
    )  # fmt: skip
    for rule_id, rule in sorted(report.rules.items()):
        precision = _format_share(rule.matched.precision)
        table.add_row(Text(rule_id), *_format_counts(rule.matched), precision, f"{rule.not_flagged_live:,}")
    return table


def _format_counts(counts: FlagCounts) -> list[str]:
    unlabelled = counts.count - counts.fraud - counts.genuine
    return [f"{count:,}" for count in (counts.count, counts.fraud, counts.genuine, unlabelled)]


def _format_share(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{100 * value:.1f} %"
