"""The data sources that the stacks use: caller identity, region, partition, zones, endpoint services."""

from local.plugin.aws import Aws
from local.plugin.errors import PluginError
from local.plugin.values import Props

_ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"
_ENDPOINT_SERVICE = "aws:ec2/getVpcEndpointService:getVpcEndpointService"


def invoke_data_source(aws: Aws, token: str, arguments: Props) -> Props:
    """The result of a data source. Raises PluginError for an unsupported data source or argument."""
    arguments = {key: value for key, value in arguments.items() if not key.startswith("__")}
    if arguments.pop("region", aws.region) != aws.region:
        raise PluginError(
            f"{token}: the region is not the provider's region {aws.region}. Remove the argument region."
        )
    if token not in _DATA_SOURCES:
        raise PluginError(
            f"{token} is not supported by the local aws plugin. Supported data sources:"
            f" {', '.join(_DATA_SOURCES)}"
        )
    if unsupported := sorted(arguments.keys() - _ARGUMENTS.get(token, frozenset())):
        raise PluginError(
            f"{token}: {', '.join(unsupported)} is not supported by the local aws plugin. Remove it."
        )
    return _DATA_SOURCES[token](aws, arguments)


def _caller_identity(aws: Aws, _: Props) -> Props:
    response = aws.client("sts").get_caller_identity()
    account = response["Account"]
    return {"id": account, "accountId": account, "arn": response["Arn"], "userId": response["UserId"]}


def _region(aws: Aws, _: Props) -> Props:
    endpoint = f"ec2.{aws.region}.amazonaws.com"
    # `name` is deprecated in favour of `region`, but programs still read it.
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
    filters = [{"Name": entry["name"], "Values": entry["values"]} for entry in arguments.get("filters", [])]
    zones = aws.client("ec2").describe_availability_zones(Filters=filters)["AvailabilityZones"]
    state = arguments.get("state")
    zones = sorted(
        (zone for zone in zones if state in (None, zone["State"])), key=lambda zone: zone["ZoneName"]
    )
    return {
        "id": aws.region,
        "region": aws.region,
        "state": state,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName") or aws.region for zone in zones}),
    }


def _endpoint_service(aws: Aws, arguments: Props) -> Props:
    """The embedded AWS provides each service in all zones of the region."""
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
_DATA_SOURCES = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    _ZONES: _availability_zones,
    _ENDPOINT_SERVICE: _endpoint_service,
}
