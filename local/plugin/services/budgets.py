"""AWS Budgets: a budget with notifications to topics. The embedded AWS has no costs and sends none."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import TAGS, Resource
from local.plugin.values import Props

_NOTIFICATION = {
    "comparisonOperator": Property(required=True),
    "notificationType": Property(required=True),
    "threshold": Property(required=True),
    "thresholdType": Property(required=True),
}
_TOPICS = "subscriberSnsTopicArns"


class Budget(Resource):
    """A budget of costs; its id is `account:name`."""

    pulumi_type = "aws:budgets/budget:Budget"
    identity = ("name",)
    properties: ClassVar = {
        **TAGS,
        "budgetType": Property(required=True),
        "limitAmount": Property(required=True),
        "limitUnit": Property(required=True),
        "name": Property(required=True, replace=True),
        "notifications": Property(
            fields={**_NOTIFICATION, _TOPICS: Property(required=True, unordered=True)}, unordered=True
        ),
        "timeUnit": Property(required=True),
    }

    def create(self, inputs: Props) -> str:
        self._budgets.create_budget(
            AccountId=self._account,
            Budget=_budget(inputs),
            NotificationsWithSubscribers=[
                {"Notification": _to_api(notification), "Subscribers": _subscribers(notification)}
                for notification in inputs.get("notifications") or []
            ],
            ResourceTags=tags.to_list(inputs["tags"]),
        )
        return f"{self._account}:{inputs['name']}"

    def read(self, resource_id: str, state: Props) -> Props:
        key = _key(resource_id)
        budget = self._budgets.describe_budget(**key)["Budget"]
        arn = f"arn:aws:budgets::{key['AccountId']}:budget/{key['BudgetName']}"
        return {
            "name": budget["BudgetName"],
            "budgetType": budget["BudgetType"],
            "timeUnit": budget["TimeUnit"],
            "limitAmount": budget["BudgetLimit"]["Amount"],
            "limitUnit": budget["BudgetLimit"]["Unit"],
            "notifications": self._read_notifications(key),
            "arn": arn,
            "accountId": key["AccountId"],
            "tags": tags.from_list(self._budgets.list_tags_for_resource(ResourceARN=arn).get("ResourceTags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        key = _key(resource_id)
        self._budgets.update_budget(AccountId=key["AccountId"], NewBudget=_budget(new))
        if "notifications" in changed:
            for notification in self._read_notifications(key):
                self._budgets.delete_notification(**key, Notification=_to_api(notification))
            for notification in new.get("notifications") or []:
                self._budgets.create_notification(
                    **key, Notification=_to_api(notification), Subscribers=_subscribers(notification)
                )
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self._budgets.tag_resource(
                ResourceARN=old["arn"], ResourceTags=tags.to_list(added)
            ),
            remove=lambda names: self._budgets.untag_resource(ResourceARN=old["arn"], ResourceTagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self._budgets.delete_budget(**_key(resource_id))

    @property
    def _budgets(self) -> Any:
        return self.aws.client("budgets")

    @property
    def _account(self) -> str:
        return str(self.aws.client("sts").get_caller_identity()["Account"])

    def _read_notifications(self, key: dict[str, str]) -> list[Props]:
        response = self._budgets.describe_notifications_for_budget(**key)
        return [
            {
                **{name: notification[name[0].upper() + name[1:]] for name in _NOTIFICATION},
                _TOPICS: [
                    subscriber["Address"]
                    for subscriber in self._budgets.describe_subscribers_for_notification(
                        **key,
                        Notification={
                            name: value for name, value in notification.items() if name != "NotificationState"
                        },
                    )["Subscribers"]
                ],
            }
            for notification in response.get("Notifications", [])
        ]


def _budget(inputs: Props) -> dict[str, Any]:
    return {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
        "BudgetLimit": {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]},
    }


def _to_api(notification: Props) -> dict[str, Any]:
    return {name[0].upper() + name[1:]: notification[name] for name in _NOTIFICATION}


def _subscribers(notification: Props) -> list[dict[str, str]]:
    return [{"SubscriptionType": "SNS", "Address": arn} for arn in notification[_TOPICS]]


def _key(resource_id: str) -> dict[str, str]:
    account, _, name = resource_id.partition(":")
    return {"AccountId": account, "BudgetName": name}


RESOURCES = (Budget,)
