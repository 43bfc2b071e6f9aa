"""Whether people are told of a suspicious transaction: alerts of one account within a window become one.

The first is told at once. The next ones are counted, and told of together when the window ends.
"""

from functions.common.domain.decision import Told
from functions.common.dynamodb.profile_items import Alerts


def tell(alerts: Alerts, window_seconds: int, now_ms: int) -> tuple[Told, Alerts]:
    """How a suspicious transaction is told of, and the account's alerts with it among them."""
    if alerts.count == 0 or now_ms >= alerts.since + window_seconds * 1000:
        return "sent", Alerts(now_ms, 1, alerts.since, alerts.count)
    counted = Alerts(alerts.since, alerts.count + 1, alerts.earlier_since, alerts.earlier_count)
    return ("summary" if alerts.count == 1 else "folded"), counted
