"""The network of an IP address: its first 24 bits in IPv4, and its first 48 bits in IPv6."""

from ipaddress import AddressValueError, IPv6Address

_IPV4_SEPARATORS = 3
_IPV6_HOST_BITS = 128 - 48


def find_network(address: str) -> str:
    """The text that identifies the network. A text that is not an IP address is its own network.

    >>> find_network("203.0.113.7")
    '203.0.113'
    """
    if ":" in address:
        return _find_ipv6_network(address)
    return address.rpartition(".")[0] if address.count(".") == _IPV4_SEPARATORS else address


def _find_ipv6_network(address: str) -> str:
    try:
        parsed = IPv6Address(address)
    except AddressValueError:
        return address
    if parsed.ipv4_mapped:
        return find_network(str(parsed.ipv4_mapped))
    return f"{int(parsed) >> _IPV6_HOST_BITS:x}::"
