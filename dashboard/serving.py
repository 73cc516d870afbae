"""How the app is served, and who is at the other end of a connection.

Rights come from what cannot be forged: a key that the terminal has printed, a header set by a
proxy that was named, or, on one's own machine alone, a connection that begins and ends there.
What is missing never gives any.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from socket import gethostname
from urllib.parse import urlsplit

from cortiscope.core.errors import InvalidInput

#: The environment of a server, as ``cortiscope serve`` sets it.
MODE, USER_HEADER, PROXIES = "CORTISCOPE_SERVE", "CORTISCOPE_USER_HEADER", "CORTISCOPE_PROXIES"
KEY = "CORTISCOPE_TOKEN"

#: Cookies: who it is, and the key that was given.
VISITOR_COOKIE, KEY_COOKIE = "cortiscope_visitor", "cortiscope_key"
_VISITOR = re.compile(r"[A-Za-z0-9_-]{32,64}")
_SHORTEST_KEY = 12


class Mode(StrEnum):
    """How the app is served."""

    OWN = "own"
    CLASS = "class"
    LAB = "lab"


class Role(StrEnum):
    """What somebody is to the app: whoever runs it, one of the laboratory, or neither."""

    OWNER = "owner"
    MEMBER = "member"
    GUEST = "guest"


@dataclass(frozen=True)
class Visitor:
    """Who is at the other end of a session.

    Parameters
    ----------
    id : stable over reloads and restarts of the server, and no secret: it gives no rights.
    name : for people.
    """

    id: str
    name: str
    role: Role = Role.GUEST

    @property
    def is_owner(self) -> bool:
        """Whether it is whoever runs the app."""
        return self.role is Role.OWNER


@dataclass(frozen=True)
class Gate:
    """How one server is served.

    Parameters
    ----------
    key, member_key : printed in the terminal; they make whoever holds one owner or member.
    user_header : of the proxy that knows its users, in lower case; empty without.
    proxies : from where that header is believed.
    """

    mode: Mode = Mode.OWN
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    member_key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    user_header: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def from_environment(cls) -> Gate:
        """Read how this server is served; on one's own machine unless said otherwise.

        Raises
        ------
        InvalidInput : a mode or an address that there is not, a token that is easily guessed.
        """
        named = os.environ.get(MODE, "") or Mode.OWN.value
        if named not in set(Mode):
            raise InvalidInput(
                f"There is no way to serve called {named!r}; there are {', '.join(Mode)}.",
                f"Change the environment variable {MODE}, or start with cortiscope serve.",
            )
        own = os.environ.get(KEY, "")
        if own and not (own.isascii() and own.isprintable() and len(own) >= _SHORTEST_KEY):
            raise InvalidInput(
                f"The token of {KEY} is too short, or holds more than plain characters.",
                f"Give it {_SHORTEST_KEY} letters and digits or more; without, one is made.",
            )
        keys = {"key": own} if own else {}
        return cls(
            Mode(named),
            user_header=os.environ.get(USER_HEADER, "").lower(),
            proxies=networks(os.environ.get(PROXIES, "") or "127.0.0.0/8,::1"),
            **keys,
        )

    def role_of(self, key: str | None) -> Role | None:
        """Return what a key gives; None for one that gives nothing."""
        given = (key or "").encode()
        if hmac.compare_digest(given, self.key.encode()):
            return Role.OWNER
        if hmac.compare_digest(given, self.member_key.encode()) and self.mode is Mode.LAB:
            return Role.MEMBER
        return None


@cache
def gate() -> Gate:
    """Return how this process is served; its keys last as long as it does."""
    return Gate.from_environment()


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read addresses or networks, separated by commas.

    Raises
    ------
    InvalidInput : one that cannot be read.
    """
    found = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        try:
            found.append(ip_network(part, strict=False))
        except ValueError:
            raise InvalidInput(
                f"{part!r} is neither an IP address nor a network.",
                "Proxies are named like 10.0.0.5 or 10.0.0.0/24, separated by commas.",
            ) from None
    return tuple(found)


@dataclass(frozen=True)
class Connection:
    """What a request or a websocket came with.

    Parameters
    ----------
    peer : address of the other end, as the socket has it.
    headers : (name, value), as often as they were sent.
    """

    peer: str | None
    headers: tuple[tuple[str, str], ...]
    cookies: Mapping[str, str]

    def all_of(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value for key, value in self.headers if key.lower() == name]


def who_is(gate: Gate, connection: Connection, *, session: str = "") -> Visitor:
    """Judge who is at the other end of a connection.

    Parameters
    ----------
    session : what names those whose browser keeps no cookie, for as long as it lasts.
    """
    role = gate.role_of(connection.cookies.get(KEY_COOKIE))
    user = ""
    if gate.mode is Mode.LAB and gate.user_header and _is_among(connection.peer, gate.proxies):
        said = connection.all_of(gate.user_header)
        # Twice: a proxy that adds its own beside what the browser sent.
        if len(said) == 1 and said[0].strip().isprintable() and len(said[0]) <= 200:
            user = said[0].strip()
    if role is None and user:
        role = Role.MEMBER
    if role is None and gate.mode is Mode.OWN and _begins_here(connection):
        role = Role.OWNER
    cookie = connection.cookies.get(VISITOR_COOKIE, "")
    named = f"cookie {cookie}" if _VISITOR.fullmatch(cookie) else f"session {session}"
    digest = hashlib.sha256((f"user {user}" if user else named).encode()).hexdigest()[:16]
    role = role or Role.GUEST
    return Visitor(digest, user or f"{role} {digest[:4]}", role)


def is_visitor_cookie(text: str) -> bool:
    """Whether it can be what ``new_visitor_cookie`` made."""
    return _VISITOR.fullmatch(text) is not None


def new_visitor_cookie() -> str:
    """Return a name for a browser that has none yet."""
    return secrets.token_urlsafe(24)


_FORWARDING = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip"})


def _begins_here(connection: Connection) -> bool:
    """Whether a connection comes from a browser on this machine, and not by way of another.

    The name that the browser asked for must be this machine's own: a foreign name that was made to
    point here belongs to a foreign page.
    """
    marks = {name.lower() for name, _ in connection.headers}
    if any(m in _FORWARDING or m.startswith(("x-forwarded", "cf-")) for m in marks):
        return False
    origins = connection.all_of("origin")
    return (
        is_loopback(connection.peer)
        and asks_for_this_machine(connection)
        and len(origins) <= 1
        and all(is_loopback(_host_of(origin)) for origin in origins)
    )


def asks_for_this_machine(connection: Connection) -> bool:
    """Whether what was asked for is this machine by its own name, or a loopback address."""
    hosts = connection.all_of("host")
    return len(hosts) == 1 and is_loopback(_host_of(f"//{hosts[0]}"))


def _host_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def is_loopback(host: str | None) -> bool:
    """Whether a name or an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_among(peer: str | None, known: Iterable[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in known)


def announcement(served: Gate, address: str, port: int, base: str = "") -> str:
    """Say in the terminal how the app is served, and which link gives more.

    Parameters
    ----------
    address, port : what the server listens on.
    base : path under which it is served.
    """
    everywhere = address in ("0.0.0.0", "::")  # noqa: S104 - as given, to be said otherwise
    host = "localhost" if is_loopback(address) else gethostname() if everywhere else address
    link = f"http://{host}:{port}/{base.strip('/')}?token="
    lines = {
        Mode.OWN: ["Served on your own machine: connections from it may do everything."],
        Mode.CLASS: ["Served to a class, read-only: visitors look, upload a photograph, download."],
        Mode.LAB: ["Served to a laboratory: members fit models; visitors look, read-only."],
    }[served.mode]
    if served.mode is Mode.OWN and is_loopback(address):
        lines.append("Before you put a proxy in front of it, name the way: serve --class or --lab.")
    else:
        who = {Mode.CLASS: "The presenter’s link", Mode.LAB: "The keeper’s link"}
        lines.append(
            f"{who.get(served.mode, 'From elsewhere, with all rights')}: {link}{served.key}"
        )
    if served.mode is Mode.OWN and not is_loopback(address):
        lines.append(
            "Everybody else looks, read-only. A proxy on this machine: serve --lab instead."
        )
    if served.mode is Mode.LAB:
        lines.append(f"The members’ link: {link}{served.member_key}")
    if served.mode is Mode.LAB and served.user_header:
        listed = ", ".join(map(str, served.proxies))
        lines.append(f"Members by the header {served.user_header}, from {listed}.")
    if served.mode is not Mode.OWN and is_loopback(address):
        lines.append("It listens to this machine alone; --address 0.0.0.0 lets others in.")
    return "\n".join(f"  {line}" for line in lines)
