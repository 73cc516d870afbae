"""The gatekeeper: who is at the other end, and what they may do. Asked on the server's side.

Three ways to serve: on one's *own machine*, to a *class* (read-only), in a *laboratory* (fits by
their owners). Whatever changes something calls ``demand`` first; a hidden button refuses nobody,
since a message of a browser may name it all the same.

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
from enum import Enum, StrEnum
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cortiscope.core.errors import CoreError, InvalidInput

#: The environment of a server, as ``cortiscope serve`` sets it.
MODE, USER_HEADER, PROXIES = "CORTISCOPE_SERVE", "CORTISCOPE_USER_HEADER", "CORTISCOPE_PROXIES"
KEY = "CORTISCOPE_TOKEN"

#: Cookies: who it is, and the key that was given.
VISITOR_COOKIE, KEY_COOKIE = "cortiscope_visitor", "cortiscope_key"
_VISITOR = re.compile(r"[A-Za-z0-9_-]{32,64}")
_SESSION_KEY = "access-visitor"
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


class Action(Enum):
    """What can be asked for; its value says so where it is refused."""

    FIT = "Fitting encoding models"
    CANCEL = "Cancelling work"
    UPLOAD = "Uploading a photograph"
    FOLDER = "Opening and closing data folders"
    DELETE = "Deleting runs"
    DOWNLOAD = "Downloading tables"
    CHECKPOINT = "Naming a checkpoint on the server"
    NETWORK = "Looking up any network of a library"
    CHECK = "Checking a data folder"
    FETCH = "Downloading files to the server"
    PREDICT = "Predicting with a network"
    PATHS = "Seeing where files lie on the server"
    SETTINGS = "Emptying the app’s caches"


_GUESTS = frozenset({Action.UPLOAD, Action.DOWNLOAD, Action.PREDICT})
_MEMBERS = _GUESTS | {Action.FIT, Action.CANCEL, Action.DELETE, Action.NETWORK, Action.CHECK}
# Served to others, the data are those of CORTISCOPE_DATA.
_KEEPERS_TOO = frozenset(Action) - {Action.FOLDER}
#: What each role may do. Only a laboratory has members.
RULES: Mapping[Mode, Mapping[Role, frozenset[Action]]] = {
    Mode.OWN: {Role.OWNER: frozenset(Action), Role.MEMBER: _GUESTS, Role.GUEST: _GUESTS},
    Mode.CLASS: {Role.OWNER: _KEEPERS_TOO, Role.MEMBER: _GUESTS, Role.GUEST: _GUESTS},
    Mode.LAB: {Role.OWNER: _KEEPERS_TOO, Role.MEMBER: _MEMBERS, Role.GUEST: _GUESTS},
}
# Done to a thing that somebody owns: theirs alone, and the app's owner's.
_TO_OWN = frozenset({Action.CANCEL, Action.DELETE})


#: Bytes and files that one session may upload in all; decoded pictures are small, so that this
#: bounds work, and what lies in memory until it is decoded.
UPLOADS: Mapping[Role, tuple[int, int]] = {
    Role.OWNER: (2048 * 2**20, 500),
    Role.MEMBER: (512 * 2**20, 100),
    Role.GUEST: (256 * 2**20, 40),
}


class NotAllowed(CoreError):  # noqa: N818 - named as it is asked
    """Somebody asked for what their role does not give."""

    kind = "not_allowed"


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


def _connection() -> Connection | None:
    """Return what the running session's websocket came with; None where it has gone."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return None
    client = runtime.get_instance().get_client(context.session_id)
    about = None if client is None else client.client_context
    if about is None:
        return None
    return Connection(about.remote_ip, tuple(about.headers), dict(about.cookies))


def visitor() -> Visitor:
    """Return who is at the other end of the session that runs.

    Whoever has closed the connection while their session still runs is who they were.
    """
    connection = _connection()
    if connection is None:
        return st.session_state.get(_SESSION_KEY, Visitor("", "nobody"))
    context = get_script_run_ctx()
    found = who_is(gate(), connection, session=context.session_id if context else "")
    st.session_state[_SESSION_KEY] = found
    return found


def allowed(action: Action, *, of: str = "") -> bool:
    """Whether the session that runs may do something.

    Parameters
    ----------
    of : id of the visitor whose thing it is done to, where it has an owner.
    """
    return may(visitor(), action, of=of)


def may(who: Visitor, action: Action, *, of: str = "") -> bool:
    """Whether somebody may do something; see ``allowed``."""
    if action not in RULES[gate().mode][who.role]:
        return False
    return who.is_owner or action not in _TO_OWN or (bool(of) and of == who.id)


def way_in_short(served: Gate, who: Visitor) -> str:
    """Say how the app is served and what somebody is to it; nothing to the owner of a machine."""
    if served.mode is Mode.OWN:
        return "" if who.is_owner else "read-only"
    if served.mode is Mode.CLASS:
        return "class · presenter" if who.is_owner else "class · read-only"
    part = {Role.OWNER: "keeper", Role.MEMBER: who.name, Role.GUEST: "read-only"}[who.role]
    return f"laboratory · {part}"


_KEEPERS = {Mode.OWN: "whoever sits at its machine", Mode.CLASS: "the presenter"}


def demand(action: Action, *, of: str = "") -> None:
    """Go on only where the session that runs may do something.

    Raises
    ------
    NotAllowed : it may not; who may, and how one becomes that.
    """
    if not allowed(action, of=of):
        raise refusal(visitor(), action)


def refusal(who: Visitor, action: Action) -> NotAllowed:
    """Put into words that somebody may not do something."""
    mode = gate().mode
    keeper = _KEEPERS.get(mode, "its keeper")
    if action is Action.FOLDER and mode is not Mode.OWN:
        return NotAllowed(
            f"{action.value} is not possible while the app is served to others.",
            "Name folders in CORTISCOPE_DATA when it is started.",
        )
    if action in RULES[mode][who.role]:
        return NotAllowed(
            f"{action.value} is for whoever it belongs to, and {keeper}; this is somebody else’s.",
            "What you started yourself can be changed.",
        )
    way = "read-only to a class" if mode is Mode.CLASS else "to visitors"
    who_may = "members of the laboratory" if action in _MEMBERS and mode is Mode.LAB else keeper
    return NotAllowed(
        f"{action.value} is not open to you: this app is served {way}.",
        f"It is for {who_may}, by the link that the terminal which runs the app has printed.",
    )
