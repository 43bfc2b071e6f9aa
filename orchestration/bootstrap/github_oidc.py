"""The OIDC identity provider of GitHub, with which CI signs in to the account without stored credentials.

An account has at most one, possibly created by other projects. Only the audience is corrected.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestration.bootstrap.resource import Resource, Setting
from shared.arns import Arns

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


class GithubOidcProvider(Resource):
    """The provider that the deploy roles trust."""

    kind = "identity of CI"
    name = ISSUER

    def __init__(self, iam: "IAMClient", arns: Arns, tags: dict[str, str]) -> None:
        self._iam = iam
        self._tags = tags
        self._arn = f"arn:{arns.partition}:iam::{arns.account_id}:oidc-provider/{ISSUER}"

    def exists(self) -> bool:
        providers = self._iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        return any(provider["Arn"] == self._arn for provider in providers)

    def create(self) -> None:
        # AWS trusts GitHub's certificate authority and ignores a thumbprint.
        try:
            self._iam.create_open_id_connect_provider(
                Url=f"https://{ISSUER}",
                ClientIDList=[AUDIENCE],
                Tags=[{"Key": name, "Value": value} for name, value in self._tags.items()],
            )
        except self._iam.exceptions.EntityAlreadyExistsException:
            return

    def settings(self) -> Sequence[Setting]:
        return [Setting("audience", self._has_audience, self._add_audience)]

    def _has_audience(self) -> bool:
        provider = self._iam.get_open_id_connect_provider(OpenIDConnectProviderArn=self._arn)
        return AUDIENCE in provider["ClientIDList"]

    def _add_audience(self) -> None:
        self._iam.add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=self._arn, ClientID=AUDIENCE
        )
