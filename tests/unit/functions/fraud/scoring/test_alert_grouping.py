from functions.common.domain.profile_record import AlertHistory
from functions.fraud.scoring.alert_grouping import group_alert
from tests.unit.functions.builders import NOW

WINDOW_SECONDS = 600
LATER = NOW + 1000 * WINDOW_SECONDS


def test_first_alert_of_a_window_is_sent_at_once() -> None:
    assert group_alert(AlertHistory(), WINDOW_SECONDS, NOW) == ("sent", AlertHistory(NOW, 1))


def test_second_alert_triggers_a_summary_and_later_alerts_are_counted() -> None:
    notification, history = group_alert(AlertHistory(NOW, 1), WINDOW_SECONDS, NOW + 1)
    assert (notification, history) == ("summary", AlertHistory(NOW, 2))
    assert group_alert(history, WINDOW_SECONDS, LATER - 1) == ("folded", AlertHistory(NOW, 3))


def test_next_window_starts_with_the_first_alert_after_the_end_and_keeps_the_previous_window() -> None:
    assert group_alert(AlertHistory(NOW, 3), WINDOW_SECONDS, LATER) == (
        "sent",
        AlertHistory(LATER, 1, NOW, 3),
    )


def test_each_alert_is_sent_without_a_window() -> None:
    assert group_alert(AlertHistory(NOW, 1), 0, NOW)[0] == "sent"
