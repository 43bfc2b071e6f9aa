"""AWS Budgets: a budget with notifications to topics. The embedded AWS has no costs and sends none."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property, copy_fields, from_api, to_api
from local.plugin.resource import TAGS, Resource
from local.plugin.tags import TagApi
from local.plugin.values import Props

_NOTIFICATION = {
    "comparisonOperator": Property(required=True),
    "notificationType": Property(required=True),
    "threshold": Property(required=True),
    "thresholdType": Property(required=True),
}
_BUDGET = {
    "name": Property(required=True, replace=True, api="BudgetName"),
    "budgetType": Property(required=True),
    "timeUnit": Property(required=True),
}
_TOPICS = "subscriberSnsTopicArns"


class Budget(Resource):
    """A budget of costs; its id is `account:name`."""

    pulumi_type = "aws:budgets/budget:Budget"
    tag_api = TagApi(tags="ResourceTags", keys="ResourceTagKeys")
    identity = ("name",)
    properties: ClassVar = {
        **TAGS,
        **_BUDGET,
        "limitAmount": Property(required=True),
        "limitUnit": Property(required=True),
        "notifications": Property(
            fields={**_NOTIFICATION, _TOPICS: Property(required=True, unordered=True)}, unordered=True
        ),
    }

    def create(self, inputs: Props) -> str:
        self.client.create_budget(
            AccountId=self.aws.account,
            Budget=_budget(inputs),
            NotificationsWithSubscribers=[
                {
                    "Notification": to_api(_NOTIFICATION, notification),
                    "Subscribers": _subscribers(notification),
                }
                for notification in inputs.get("notifications") or []
            ],
            ResourceTags=tags.to_list(inputs["tags"]),
        )
        return f"{self.aws.account}:{inputs['name']}"

    def read(self, resource_id: str, state: Props) -> Props:
        key = _key(resource_id)
        budget = self.client.describe_budget(**key)["Budget"]
        arn = f"arn:aws:budgets::{key['AccountId']}:budget/{key['BudgetName']}"
        return {
            **from_api(_BUDGET, budget),
            "limitAmount": budget["BudgetLimit"]["Amount"],
            "limitUnit": budget["BudgetLimit"]["Unit"],
            "notifications": self._read_notifications(key),
            "arn": arn,
            "accountId": key["AccountId"],
            "tags": self.read_tags(arn),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        key = _key(resource_id)
        self.client.update_budget(AccountId=key["AccountId"], NewBudget=_budget(new))
        if "notifications" in changed:
            for notification in self._read_notifications(key):
                self.client.delete_notification(**key, Notification=to_api(_NOTIFICATION, notification))
            for notification in new.get("notifications") or []:
                self.client.create_notification(
                    **key,
                    Notification=to_api(_NOTIFICATION, notification),
                    Subscribers=_subscribers(notification),
                )

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_budget(**_key(resource_id))

    def _read_notifications(self, key: dict[str, str]) -> list[Props]:
        response = self.client.describe_notifications_for_budget(**key)
        notifications = [copy_fields(entry, *_NOTIFICATION) for entry in response.get("Notifications", [])]
        for notification in notifications:
            subscribers = self.client.describe_subscribers_for_notification(
                **key, Notification=to_api(_NOTIFICATION, notification)
            )["Subscribers"]
            notification[_TOPICS] = [subscriber["Address"] for subscriber in subscribers]
        return notifications


def _budget(inputs: Props) -> dict[str, Any]:
    limit = {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]}
    return {**to_api(_BUDGET, inputs), "BudgetLimit": limit}


def _subscribers(notification: Props) -> list[dict[str, str]]:
    return [{"SubscriptionType": "SNS", "Address": arn} for arn in notification[_TOPICS]]


def _key(resource_id: str) -> dict[str, str]:
    account, _, name = resource_id.partition(":")
    return {"AccountId": account, "BudgetName": name}
