"""Networks that a room's devices may come from: CIDR lists (RFC 4632, RFC 4291)."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from errors import N_, BadInput

MOST = 20


def parse(text: str) -> tuple[str, ...]:
    """Networks separated by commas, spaces or lines, in their normal form.

    Raises BadInput `device.networks`.
    """
    found: list[str] = []
    for part in text.replace(",", " ").split():
        try:
            network = str(ip_network(part))
        except ValueError:
            raise BadInput(
                "device.networks",
                N_("%(part)s is not a network. Write it as 10.20.0.0/16 or 2001:db8::/32."),
                field="networks",
                part=part[:50],
            ) from None
        if network not in found:
            found.append(network)
    if len(found) > MOST:
        raise BadInput(
            "device.networks", N_("Name at most %(most)s networks."), field="networks", most=MOST
        )
    return tuple(found)


def block(address: str) -> str:
    """What one peer holds: of IPv6 its /64, in which it can take any address (RFC 6177); else the
    address. For counting, not for allowing."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(ip_network((found, 64), strict=False))
        return str(found.ipv4_mapped)
    return address


def allows(networks: tuple[str, ...], address: str) -> bool:
    """Whether an address is in one of the networks. No network allows nothing."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ip_network(one) for one in networks)
