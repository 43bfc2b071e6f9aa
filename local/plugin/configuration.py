"""The provider's configuration: the `aws:` settings of a stack."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local.plugin.aws import Aws, loopback_endpoint
from local.plugin.errors import PluginError
from local.plugin.values import Props

_ENGINE_KEYS = {"version", "pluginDownloadURL", "pluginChecksums", "__internal", "__defaults"}
# These settings skip checks that only the official plugin makes.
_IGNORED = {
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
}
_APPLIED = {"region", "defaultTags", "allowedAccountIds"}


def configuration_problems(inputs: Props) -> Iterator[tuple[str, str]]:
    """(key, reason) for every setting that the plugin does not support."""
    for key in sorted(inputs.keys() - _ENGINE_KEYS - _IGNORED - _APPLIED):
        supported = ", ".join(f"aws:{name}" for name in sorted(_APPLIED))
        yield key, f"aws:{key} is not supported by the local aws plugin. Remove it; supported: {supported}"
    tags = _decode_json(inputs.get("defaultTags"))
    if tags is not None and (not isinstance(tags, dict) or tags.keys() - {"tags"}):
        yield "defaultTags", 'aws:defaultTags must be {"tags": {...}}'


def parse_configuration(inputs: Props, environment: Mapping[str, str]) -> Aws:
    """The configured connection.

    Raises PluginError if the region or a loopback endpoint is missing, or if the account is not allowed.
    """
    region = inputs.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        raise PluginError("The AWS region is not set. Set it: pulumi config set aws:region <region>")
    tags = (_decode_json(inputs.get("defaultTags")) or {}).get("tags")
    aws = Aws(loopback_endpoint(environment), region, tags)
    allowed = _decode_json(inputs.get("allowedAccountIds"))
    if allowed and aws.account not in allowed:
        raise PluginError(
            f"The account {aws.account} is not in aws:allowedAccountIds ({', '.join(allowed)})."
            " Use credentials of an allowed account."
        )
    return aws


def _decode_json(value: Any) -> Any:
    """The engine passes nested settings as JSON text."""
    return json.loads(value) if isinstance(value, str) else value
