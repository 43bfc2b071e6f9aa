"""The decider: decides on a transaction with the live rules and model, and with an optional candidate."""

import math
from typing import NamedTuple

from msgspec import Struct

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.decision import CandidateDecision, Decision, Notification
from functions.common.domain.features import FEATURES_VERSION, compute_features
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.origin_profile import OriginProfile
from functions.common.domain.overrides import ListEntry, Snooze, effective_entry
from functions.common.domain.profile_record import AlertHistory, ProfileRecord
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.alert_grouping import group_alert
from functions.fraud.scoring.scorer import Scorer, ScoringResult

# A refund is counted for the account, and never scored.
REFUND = ScoringResult(
    score=0.0,
    suspicious=False,
    decided_by="refund",
    reasons=(),
    rules_score=0.0,
    probability=None,
    shadow_rules=(),
)


class DecisionContext(Struct, frozen=True, kw_only=True):
    """The stored state that a decision depends on. `rule_snoozes` are by rule ID.

    `origin`: the profile of the device or IP address, None if unknown. `category`: the profile of the
    merchant category, None for a transaction without one.
    """

    account: ProfileRecord[AccountProfile]
    merchant: ProfileRecord[MerchantProfile]
    rule_snoozes: dict[str, Snooze]
    origin: OriginProfile | None = None
    category: CategoryProfile | None = None


class _ActiveOverrides(NamedTuple):
    list_entry: ListEntry | None
    snoozed_rules: set[str]


class Decider(NamedTuple):
    """Decides on transactions. Pure: the same transaction, context and time give the same decision.

    `candidate` holds rules and a model under test; its decisions are recorded and cause no alert. Alerts of
    one account within `alert_window_seconds` are grouped.
    """

    live: Scorer
    candidate: Scorer | None = None
    alert_window_seconds: int = 0

    def decide(
        self, transaction: TransactionInserted, context: DecisionContext, now_ms: int
    ) -> tuple[Decision, AlertHistory]:
        """The decision and the account's updated alert history, before the transaction is counted."""
        values = _compute_features(self.live, transaction, context)
        overrides = _find_active_overrides(context, now_ms)
        if transaction.is_refund:
            result = REFUND
        else:
            result = self.live.score(
                transaction, values, overrides.list_entry, now_ms, overrides.snoozed_rules
            )
        notification, history = self._choose_notification(transaction, result, context, now_ms)
        in_window = notification not in (Notification.NONE, Notification.SNOOZED)
        decision = Decision(
            score=result.score,
            suspicious=result.suspicious,
            decided_by=result.decided_by,
            rules_score=result.rules_score,
            probability=result.probability,
            reasons=result.reasons,
            rules=self.live.rules_version,
            model=self.live.model_version,
            shadow_rules=result.shadow_rules,
            candidate=self._decide_candidate(transaction, context, values, overrides, now_ms),
            features_version=FEATURES_VERSION,
            features=tuple(None if math.isnan(value) else value for value in values),
            decided_at=now_ms,
            latency_ms=max(now_ms - transaction.received_at, 0),
            notification=notification,
            window_started_at=history.started_at if in_window else 0,
            label_delay_days=self.live.label_delay_days,
        )
        return decision, history

    def _choose_notification(
        self, transaction: TransactionInserted, result: ScoringResult, context: DecisionContext, now_ms: int
    ) -> tuple[Notification, AlertHistory]:
        account = context.account
        if not result.suspicious or transaction.historic:
            return Notification.NONE, account.alert_history
        if result.snoozed or (account.snooze is not None and account.snooze.until > now_ms):
            return Notification.SNOOZED, account.alert_history
        return group_alert(account.alert_history, self.alert_window_seconds, now_ms)

    def _decide_candidate(
        self,
        transaction: TransactionInserted,
        context: DecisionContext,
        values: list[float],
        overrides: _ActiveOverrides,
        now_ms: int,
    ) -> CandidateDecision | None:
        candidate = self.candidate
        if candidate is None or transaction.is_refund:
            return None
        if candidate.label_delay_days != self.live.label_delay_days:
            values = _compute_features(candidate, transaction, context)
        result = candidate.score(transaction, values, overrides.list_entry, now_ms, overrides.snoozed_rules)
        return CandidateDecision(
            score=result.score,
            suspicious=result.suspicious,
            model=candidate.model_version,
            rules=candidate.rules_version,
        )


def _compute_features(
    scorer: Scorer, transaction: TransactionInserted, context: DecisionContext
) -> list[float]:
    return compute_features(
        context.account.profile,
        context.merchant.profile,
        transaction,
        scorer.label_delay_days,
        origin=context.origin,
        category=context.category,
    )


def _find_active_overrides(context: DecisionContext, now_ms: int) -> _ActiveOverrides:
    list_entry = effective_entry((context.account.list_entry, context.merchant.list_entry), now_ms)
    snoozed_rules = {rule for rule, snooze in context.rule_snoozes.items() if snooze.until > now_ms}
    return _ActiveOverrides(list_entry, snoozed_rules)
