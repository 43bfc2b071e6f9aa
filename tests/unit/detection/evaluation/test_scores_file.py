import csv
import json
from pathlib import Path

from detection.data.columns import LabelledTransaction
from detection.evaluation.scores_file import open_scores_file
from functions.common.domain.suspicious_message import Reason
from functions.fraud.scoring.scorer import ScoringResult
from tests.unit.detection.transactions import make_transaction

REASON = Reason(rule_id="large", weight=0.1 + 0.2, text='Amount "large", 5.2 times the mean')


def make_result(score: float, *reasons: Reason) -> ScoringResult:
    return ScoringResult(
        score=score,
        suspicious=bool(reasons),
        decided_by="rules",
        reasons=reasons,
        rules_score=score,
        probability=None,
        shadow_rules=(),
    )


def test_row_has_decision_reasons_and_exact_score(tmp_path: Path) -> None:
    with open_scores_file(tmp_path / "s.csv") as sink:
        sink(LabelledTransaction(make_transaction("t1"), False, ""), make_result(0))
        sink(LabelledTransaction(make_transaction("t2"), True, ""), make_result(0.1 + 0.2, REASON))
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert first == {"transaction_id": "t1", "score": "0.0", "decision": "pass", "reasons": "[]"}
    assert (float(second["score"]), second["decision"]) == (0.1 + 0.2, "flag")
    assert json.loads(second["reasons"]) == [
        {"rule_id": "large", "weight": 0.1 + 0.2, "text": 'Amount "large", 5.2 times the mean'}
    ]
