"""The provider's configuration: what `aws:` settings of a stack mean here, and which are refused."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local.plugin.aws import Aws, loopback_endpoint
from local.plugin.errors import PluginError
from local.plugin.values import Props

_ENGINE_KEYS = {"version", "pluginDownloadURL", "pluginChecksums", "__internal", "__defaults"}
# They skip checks that only the official plugin makes.
_NEEDLESS = {
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
}
_APPLIED = {"region", "defaultTags", "allowedAccountIds"}


def configuration_problems(inputs: Props) -> Iterator[tuple[str, str]]:
    """(key, reason) for every setting that would not be applied."""
    for key in sorted(inputs.keys() - _ENGINE_KEYS - _NEEDLESS - _APPLIED):
        known = ", ".join(f"aws:{name}" for name in sorted(_APPLIED))
        yield key, f"aws:{key} is not supported by the local aws plugin, which applies {known}"
    tags = _decoded(inputs.get("defaultTags"))
    if tags is not None and (not isinstance(tags, dict) or tags.keys() - {"tags"}):
        yield "defaultTags", 'aws:defaultTags must be {"tags": {...}}'


def parse_configuration(inputs: Props, environment: Mapping[str, str]) -> Aws:
    """The configured connection. PluginError if region or loopback endpoint lack, or the account is wrong."""
    region = inputs.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        raise PluginError("the local aws plugin needs a region: pulumi config set aws:region <region>")
    tags = (_decoded(inputs.get("defaultTags")) or {}).get("tags")
    aws = Aws(loopback_endpoint(environment), region, tags)
    allowed = _decoded(inputs.get("allowedAccountIds"))
    if allowed and aws.account not in allowed:
        raise PluginError(
            f"the account {aws.account} is not one of aws:allowedAccountIds: {', '.join(allowed)}"
        )
    return aws


def _decoded(value: Any) -> Any:
    """The engine hands nested settings over as JSON texts."""
    return json.loads(value) if isinstance(value, str) else value
