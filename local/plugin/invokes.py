"""The data sources that the stacks ask: about the caller, the region and its zones."""

from local.plugin.aws import Aws
from local.plugin.errors import PluginError
from local.plugin.values import Props

_ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"
_ENDPOINT_SERVICE = "aws:ec2/getVpcEndpointService:getVpcEndpointService"


def invoke(aws: Aws, token: str, arguments: Props) -> Props:
    """The answer of one data source. Raises PluginError for an unknown one or an argument not applied."""
    arguments = {key: value for key, value in arguments.items() if not key.startswith("__")}
    if arguments.pop("region", aws.region) != aws.region:
        raise PluginError(f"{token}: region must be the provider's region {aws.region}")
    if token not in _INVOKES:
        raise PluginError(
            f"{token} is not supported by the local aws plugin, which knows {', '.join(_INVOKES)}"
        )
    if refused := sorted(arguments.keys() - _ARGUMENTS.get(token, frozenset())):
        raise PluginError(f"{token}: {', '.join(refused)} is not supported by the local aws plugin")
    return _INVOKES[token](aws, arguments)


def _caller_identity(aws: Aws, _: Props) -> Props:
    answer = aws.client("sts").get_caller_identity()
    account = answer["Account"]
    return {"id": account, "accountId": account, "arn": answer["Arn"], "userId": answer["UserId"]}


def _region(aws: Aws, _: Props) -> Props:
    endpoint = f"ec2.{aws.region}.amazonaws.com"
    # The name is deprecated in favour of the region, and still read by programs.
    return {
        "id": aws.region,
        "region": aws.region,
        "name": aws.region,
        "endpoint": endpoint,
        "description": aws.region,
    }


def _partition(aws: Aws, _: Props) -> Props:
    return {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def _availability_zones(aws: Aws, arguments: Props) -> Props:
    filters = [{"Name": each["name"], "Values": each["values"]} for each in arguments.get("filters", [])]
    zones = aws.client("ec2").describe_availability_zones(Filters=filters)["AvailabilityZones"]
    wanted = arguments.get("state")
    zones = sorted(
        (zone for zone in zones if wanted in (None, zone["State"])), key=lambda zone: zone["ZoneName"]
    )
    return {
        "id": aws.region,
        "region": aws.region,
        "state": wanted,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName") or aws.region for zone in zones}),
    }


def _endpoint_service(aws: Aws, arguments: Props) -> Props:
    """The embedded AWS offers each service in each zone of the region."""
    service = f"com.amazonaws.{aws.region}.{arguments['service']}"
    return {
        "id": service,
        "region": aws.region,
        "serviceName": service,
        "serviceType": arguments.get("serviceType"),
        "availabilityZones": _availability_zones(aws, {})["names"],
    }


_ARGUMENTS = {
    _ZONES: frozenset({"filters", "state"}),
    _ENDPOINT_SERVICE: frozenset({"service", "serviceType"}),
}
_INVOKES = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    _ZONES: _availability_zones,
    _ENDPOINT_SERVICE: _endpoint_service,
}
