"""Decides on a transaction by what is known of it, with live rules and model, and a candidate beside them."""

import math
from typing import NamedTuple

from functions.common import listing
from functions.common.decision import CandidateDecision, Decision, Told
from functions.common.event import TransactionInserted
from functions.common.features import VERSION, features
from functions.common.profile_items import Alerts
from functions.fraud.profile_store import Known
from functions.fraud.scoring import Scorer, Verdict
from functions.fraud.telling import tell


class Judge(NamedTuple):
    """Pure: the same transaction against the same knowledge, at the same time, is decided in the same way.

    `candidate`: rules and model that are tried, and that nobody hears of. `alert_window_seconds`: within it,
    alerts of one account become one.
    """

    live: Scorer
    candidate: Scorer | None = None
    alert_window_seconds: int = 0

    def decide(self, transaction: TransactionInserted, known: Known, now_ms: int) -> tuple[Decision, Alerts]:
        """The decision, and the account's alerts with it among them; the transaction is not yet counted."""
        values, verdict = _score(self.live, transaction, known, now_ms)
        told, alerts = self._tell(verdict, known, now_ms)
        decision = Decision(
            score=verdict.score,
            suspicious=verdict.suspicious,
            decided_by=verdict.decided_by,
            rules_score=verdict.rules_score,
            probability=verdict.probability,
            reasons=verdict.reasons,
            rules=self.live.rules_version,
            model=self.live.model_version,
            shadow_rules=verdict.shadow_rules,
            candidate=self._beside(transaction, known, now_ms),
            features_version=VERSION,
            features=tuple(None if math.isnan(value) else value for value in values),
            decided_at=now_ms,
            latency_ms=max(now_ms - transaction.received_at, 0),
            told=told,
            told_since=0 if told in ("none", "snoozed") else alerts.since,
        )
        return decision, alerts

    def _tell(self, verdict: Verdict, known: Known, now_ms: int) -> tuple[Told, Alerts]:
        account = known.account
        if not verdict.suspicious:
            return "none", account.alerts
        if verdict.snoozed or (account.snooze is not None and account.snooze.until > now_ms):
            return "snoozed", account.alerts
        return tell(account.alerts, self.alert_window_seconds, now_ms)

    def _beside(
        self, transaction: TransactionInserted, known: Known, now_ms: int
    ) -> CandidateDecision | None:
        if self.candidate is None:
            return None
        _, verdict = _score(self.candidate, transaction, known, now_ms)
        return CandidateDecision(
            score=verdict.score,
            suspicious=verdict.suspicious,
            model=self.candidate.model_version,
            rules=self.candidate.rules_version,
        )


def _score(
    scorer: Scorer, transaction: TransactionInserted, known: Known, now_ms: int
) -> tuple[list[float], Verdict]:
    account, merchant = known.account, known.merchant
    values = features(account.profile, merchant.profile, transaction, scorer.label_delay_days)
    listed = listing.effective((account.listing, merchant.listing), now_ms)
    snoozed = {rule for rule, snooze in known.snoozes.items() if snooze.until > now_ms}
    return values, scorer.score(transaction, values, listed, now_ms, snoozed)
