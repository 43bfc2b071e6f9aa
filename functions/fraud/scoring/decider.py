"""Decides on a transaction by what is known of it, with live rules and model, and a candidate beside them."""

import math
from typing import NamedTuple

from functions.common.domain import lists_and_snoozes
from functions.common.domain.decision import CandidateDecision, Decision, Told
from functions.common.domain.features import VERSION, features
from functions.common.domain.lists_and_snoozes import Listing
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb.profile_items import Alerts
from functions.fraud.profile_store import Known
from functions.fraud.scoring.scorer import Scorer, Verdict


def tell(alerts: Alerts, window_seconds: int, now_ms: int) -> tuple[Told, Alerts]:
    """How a suspicious transaction is told of, and the account's alerts with it among them."""
    if alerts.count == 0 or now_ms >= alerts.since + window_seconds * 1000:
        return "sent", Alerts(now_ms, 1, alerts.since, alerts.count)
    counted = Alerts(alerts.since, alerts.count + 1, alerts.earlier_since, alerts.earlier_count)
    return ("summary" if alerts.count == 1 else "folded"), counted


class _Said(NamedTuple):
    """What people say that counts now."""

    listed: Listing | None
    snoozed_rules: set[str]


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
        values = _features(self.live, transaction, known)
        said = _said(known, now_ms)
        verdict = self.live.score(transaction, values, said.listed, now_ms, said.snoozed_rules)
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
            candidate=self._beside(transaction, known, values, said, now_ms),
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
        self, transaction: TransactionInserted, known: Known, values: list[float], said: _Said, now_ms: int
    ) -> CandidateDecision | None:
        candidate = self.candidate
        if candidate is None:
            return None
        if candidate.label_delay_days != self.live.label_delay_days:
            values = _features(candidate, transaction, known)
        verdict = candidate.score(transaction, values, said.listed, now_ms, said.snoozed_rules)
        return CandidateDecision(
            score=verdict.score,
            suspicious=verdict.suspicious,
            model=candidate.model_version,
            rules=candidate.rules_version,
        )


def _features(scorer: Scorer, transaction: TransactionInserted, known: Known) -> list[float]:
    return features(known.account.profile, known.merchant.profile, transaction, scorer.label_delay_days)


def _said(known: Known, now_ms: int) -> _Said:
    listed = lists_and_snoozes.effective((known.account.listing, known.merchant.listing), now_ms)
    return _Said(listed, {rule for rule, snooze in known.snoozes.items() if snooze.until > now_ms})
