"""IP addresses that a job may reach: public ones, and those of the networks that the operator allows."""

import ipaddress
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER_PUBLIC: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",  # Azure's host, outside every private range
        "192.0.0.0/24",
        "192.88.99.0/24",
        "::/96",
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
"""Networks that are not public, whatever `is_global` of the running Python says. Several of them are IPv4 addresses in
disguise."""


def is_allowed(host: str, networks: Sequence[Network]) -> bool:
    """Tell whether jobs may connect to this numeric address; False for anything that is no address."""
    try:
        address = _unwrapped(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return False
    return any(address in network for network in networks) or _is_public(address)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside `::ffff:a.b.c.d`, because the kernel connects to that one."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NEVER_PUBLIC)
    )
