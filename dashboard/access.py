"""The gatekeeper: who is at the other end, and what they may do. Asked on the server's side.

Three ways to serve: on one's *own machine*, to a *class* (read-only), in a *laboratory* (fits by
their owners). Whatever changes something calls ``demand`` first; a hidden button refuses nobody,
since a message of a browser may name it all the same.

Who is at the other end is judged by ``serving``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cortiscope.core.errors import CoreError
from cortiscope.serving import Connection, Gate, Mode, Role, Visitor, gate, who_is

_SESSION_KEY = "access-visitor"


class Action(Enum):
    """What can be asked for; its value says so where it is refused."""

    FIT = "Fitting encoding models"
    CANCEL = "Cancelling work"
    UPLOAD = "Uploading a photograph"
    FOLDER = "Opening and closing data folders"
    DELETE = "Deleting runs"
    DESCRIBE = "Naming and tagging runs"
    DOWNLOAD = "Downloading tables"
    CHECKPOINT = "Naming a checkpoint on the server"
    NETWORK = "Looking up any network of a library"
    CHECK = "Checking a data folder"
    FETCH = "Downloading files to the server"
    PREDICT = "Predicting with a network"
    PATHS = "Seeing where files lie on the server"
    SETTINGS = "Emptying the app’s caches"
    PAGES = "Opening every page"


_CLASS = frozenset({Action.UPLOAD, Action.DOWNLOAD, Action.PREDICT})
_GUESTS = _CLASS | {Action.PAGES}
_MEMBERS = _GUESTS | {Action.FIT, Action.CANCEL, Action.DELETE, Action.NETWORK, Action.CHECK}
# Served to others, the data are those of CORTISCOPE_DATA.
_KEEPERS_TOO = frozenset(Action) - {Action.FOLDER}
#: What each role may do. Only a laboratory has members.
RULES: Mapping[Mode, Mapping[Role, frozenset[Action]]] = {
    Mode.OWN: {Role.OWNER: frozenset(Action), Role.MEMBER: _GUESTS, Role.GUEST: _GUESTS},
    Mode.CLASS: {Role.OWNER: _KEEPERS_TOO, Role.MEMBER: _CLASS, Role.GUEST: _CLASS},
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
