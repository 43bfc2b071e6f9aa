from functions.common.dynamodb.profile_items import Alerts
from functions.fraud.scoring.decider import tell
from tests.unit.functions.builders import NOW

WINDOW_SECONDS = 600
LATER = NOW + 1000 * WINDOW_SECONDS


def test_first_alert_of_a_window_is_sent_at_once() -> None:
    assert tell(Alerts(), WINDOW_SECONDS, NOW) == ("sent", Alerts(NOW, 1))


def test_second_one_asks_for_a_summary_and_later_ones_are_only_counted() -> None:
    told, alerts = tell(Alerts(NOW, 1), WINDOW_SECONDS, NOW + 1)
    assert (told, alerts) == ("summary", Alerts(NOW, 2))
    assert tell(alerts, WINDOW_SECONDS, LATER - 1) == ("folded", Alerts(NOW, 3))


def test_next_window_begins_with_the_first_alert_after_the_end_and_remembers_the_one_before() -> None:
    assert tell(Alerts(NOW, 3), WINDOW_SECONDS, LATER) == ("sent", Alerts(LATER, 1, NOW, 3))


def test_without_a_window_each_is_sent() -> None:
    assert tell(Alerts(NOW, 1), 0, NOW)[0] == "sent"
