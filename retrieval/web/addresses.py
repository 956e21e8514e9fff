"""Which machines the server may talk to for somebody else: those of the public web, and none of its own network."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

PORTS = frozenset({80, 443})
"""Where the web is. At other ports of this machine's own public address its other programs may listen."""
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an address of the older internet


def is_public(address: Address, port: int) -> bool:
    """Neither private, loopback, link-local, multicast nor reserved; nor an IPv6 address that leads to one that is."""
    return port in PORTS and all(map(_is_global, _meant(address)))


def _is_global(address: Address) -> bool:
    local = isinstance(address, IPv6Address) and address.is_site_local  # RFC 3879 took them back; networks did not
    return address.is_global and not (address.is_multicast or address.is_reserved or local)


def _meant(address: Address) -> Iterator[Address]:
    """The address, and those of the older internet to which its packets may be carried."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            yield IPv4Address(int(address) & 0xFFFFFFFF)
            return
        carried = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
        yield from filter(None, carried)
    yield address
