"""The addresses that a job may reach without the operator's leave, and with it."""

from ipaddress import ip_network

import pytest

from foliot.worker.executors.http.addresses import is_allowed


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, ())


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",  # metadata, Alibaba
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",  # metadata, Azure
        "169.254.169.254",  # metadata, most clouds
        "169.254.170.2",  # metadata, ECS
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",  # metadata, Oracle
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",  # metadata, AWS
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "localhost",
        "",
        "127.1",
        "2130706433",
    ],
)
def test_everything_else_is_refused(address: str) -> None:
    assert not is_allowed(address, ())
    assert not is_allowed(address, [ip_network("11.0.0.0/8")])


def test_the_operator_allows_networks() -> None:
    networks = [ip_network(text) for text in ("127.0.0.0/8", "::1/128", "10.1.2.3")]
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "::1", "10.1.2.3"):
        assert is_allowed(address, networks)
    for address in ("10.1.2.4", "::2", "169.254.169.254", "64:ff9b::7f00:1"):
        assert not is_allowed(address, networks)
    assert is_allowed("fe80::1%eth0", [ip_network("fe80::/10")])
