"""Grouping of alerts: further alerts of one account within the alert window become one summary."""

from functions.common.domain.decision import Notification
from functions.common.domain.profile_record import AlertHistory


def group_alert(history: AlertHistory, window_seconds: int, now_ms: int) -> tuple[Notification, AlertHistory]:
    """The notification for a suspicious transaction, and the alert history with this alert added."""
    if history.count == 0 or now_ms >= history.started_at + window_seconds * 1000:
        return Notification.SENT, AlertHistory(now_ms, 1, history.started_at, history.count)
    updated = AlertHistory(
        history.started_at, history.count + 1, history.previous_started_at, history.previous_count
    )
    return (Notification.SUMMARY if history.count == 1 else Notification.FOLDED), updated
