"""Patch of SNS: delivery to email subscriptions, which ministack confirms without delivering to them."""

from collections.abc import Callable
from typing import Any

from ministack.services import sns  # type: ignore[import-untyped]

from local.delivery.patches.ministack import replaces


def deliver_mail(deliver: Callable[..., None]) -> None:
    """Call `deliver` for each confirmed email subscription that matches its filter.

    The arguments are those of MailWriter.write.
    """

    @replaces(sns, "_fanout")
    def fan_out(  # noqa: PLR0917 (signature of the original)
        original: Any, topic_arn: str, msg_id: str, message: str, subject: str,
        message_structure: str = "", message_attributes: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        original(topic_arn, msg_id, message, subject, message_structure, message_attributes, **kwargs)
        attributes = message_attributes or {}
        topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
        for subscription in topic["subscriptions"]:
            protocol = subscription.get("protocol", "")
            if protocol not in ("email", "email-json") or not subscription.get("confirmed"):
                continue
            text = sns._resolve_message_for_protocol(message, message_structure, protocol)
            if not sns._matches_filter_policy(subscription, attributes, text):
                continue
            if protocol == "email-json":
                text = sns._build_envelope(topic_arn, msg_id, text, subject, attributes, False)
            deliver(
                to=subscription["endpoint"],
                topic_arn=topic_arn,
                message_id=msg_id,
                subject=subject,
                body=text,
                attributes=attributes,
            )
