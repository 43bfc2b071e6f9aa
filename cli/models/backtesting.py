"""Backtests a file of transactions: checks it, replays it, and shows what came of it."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from cli.models.backtest_tables import shown
from cli.models.datasets import checked, not_the_data, opened
from cli.models.options import Backtested
from cli.models.told import told_to_users
from detection.data.atomic_file import replaced
from detection.data.dataset import Dataset
from detection.data.dates import DAY_MS, iso_time
from detection.evaluation.backtest import Backtest, Period
from detection.evaluation.batch_model import log_odds_of
from detection.evaluation.result import Result, to_json
from detection.evaluation.scores_file import scores_file
from detection.report.html import html
from detection.rules.rule_file import rules_of
from functions.fraud.scoring.model import ArtifactError, Model
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer
from orchestration.environments import ROOT
from terminal.durations import milliseconds
from terminal.errors import UserError
from terminal.output import console, print_json, say
from terminal.progress_bar import bar

RULES = ROOT / "stacks" / "processing" / "rules.yaml"


class Deciding(NamedTuple):
    """What decides."""

    rules: RuleSet
    scorer: Scorer
    model: Model | None


def backtest(typed: Backtested) -> None:
    """Print the figures; write the files that are asked for, whole or not at all. Raises UserError."""
    with told_to_users():
        rules = rules_of(Path(typed.rules) if typed.rules else RULES)
        model = model_of(Path(typed.model)) if typed.model else None
        scorer = Scorer(rules, model)
        label_delay_ms = _label_delay_ms(typed, scorer)
        dataset = opened(typed.data, typed.unit)
        facts = checked(dataset)
        period = Period.of(
            facts, label_delay_ms=label_delay_ms, test_from=typed.test_from, test_to=typed.test_to
        )
        if model and _saw(model, period):
            say(f"{typed.model} was trained on days that are tested: it knows their answers; see --test-from")
        result = _run(typed, dataset, Deciding(rules, scorer, model), period)
    if typed.as_json:
        print_json(to_json(result))
        return
    for table in shown(result):
        console.print(table)


def model_of(path: Path) -> Model:
    """The model in a file. Raises UserError."""
    try:
        return Model.from_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except ArtifactError as error:
        raise UserError(f"{path}: {error}.") from error


def _label_delay_ms(typed: Backtested, scorer: Scorer) -> int:
    if typed.label_delay:
        return milliseconds("--label-delay", typed.label_delay)
    return scorer.label_delay_days * DAY_MS


def _saw(model: Model, period: Period) -> bool:
    """Whether the model was trained on a part of the period."""
    card = model.card
    begin, end = (iso_time(time) for time in (period.from_ms, period.to_ms))
    return bool(card.get("from", end) < end and begin < card.get("to", begin))


def _run(typed: Backtested, dataset: Dataset, by: Deciding, period: Period) -> Result:
    started = time.monotonic()
    with ExitStack() as stack:
        # Before the work, which would be for nothing if they cannot be written.
        sink = report = None
        if typed.html:
            report = stack.enter_context(replaced(not_the_data("--html", typed.html, typed.data)))
        if typed.scores:
            sink = stack.enter_context(scores_file(not_the_data("--scores", typed.scores, typed.data)))
        done = stack.enter_context(bar("replaying", dataset.size_bytes))
        log_odds = log_odds_of(by.model) if by.model else None
        figures = Backtest(by.scorer, by.rules.rules, period, log_odds).run(
            dataset.rows(), sink, lambda: done(dataset.done_bytes)
        )
        result = Result(
            data=Path(typed.data).name,
            model=by.scorer.model_version,
            rules=by.scorer.rules_version,
            period=period,
            threshold=by.model.threshold if by.model else None,
            rules_threshold=by.rules.threshold,
            figures=figures,
            seconds=time.monotonic() - started,
        )
        if report is not None:
            report.write_text(html(result), encoding="utf-8")
    return result
