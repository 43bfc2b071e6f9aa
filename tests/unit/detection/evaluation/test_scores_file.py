import csv
import json
from pathlib import Path

from detection.data.columns import Labelled
from detection.evaluation.scores_file import scores_file
from functions.common.domain.suspicious_message import Reason
from functions.fraud.scoring.scorer import Verdict
from tests.unit.detection.transactions import transaction

REASON = Reason(rule_id="large", weight=0.1 + 0.2, text='Amount "large", 5.2 times the mean')


def verdict(score: float, *reasons: Reason) -> Verdict:
    return Verdict(
        score=score,
        suspicious=bool(reasons),
        decided_by="rules",
        reasons=reasons,
        rules_score=score,
        probability=None,
        shadow_rules=(),
    )


def test_a_row_says_what_was_decided_and_why_and_its_score_is_exact(tmp_path: Path) -> None:
    with scores_file(tmp_path / "s.csv") as sink:
        sink.add(Labelled(transaction("t1"), False, ""), verdict(0))
        sink.add(Labelled(transaction("t2"), True, ""), verdict(0.1 + 0.2, REASON))
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert first == {"transaction_id": "t1", "score": "0.0", "decision": "pass", "reasons": "[]"}
    assert (float(second["score"]), second["decision"]) == (0.1 + 0.2, "flag")
    assert json.loads(second["reasons"]) == [
        {"rule_id": "large", "weight": 0.1 + 0.2, "text": 'Amount "large", 5.2 times the mean'}
    ]
