"""Who is at the other end, by what cannot be forged, and what each may do."""

from __future__ import annotations

import pytest

from cortiscope.access import RULES, Action, may, refusal
from cortiscope.core.errors import InvalidInput
from cortiscope.serving import (
    KEY_COOKIE,
    VISITOR_COOKIE,
    Connection,
    Gate,
    Mode,
    Role,
    Visitor,
    networks,
    who_is,
)

LOCAL = (("Host", "localhost:8501"),)
CLASS_MAY = {Action.UPLOAD, Action.DOWNLOAD, Action.PREDICT}
GUEST_MAY = CLASS_MAY | {Action.PAGES}
MEMBER_MAY = GUEST_MAY | {Action.FIT, Action.NETWORK, Action.CHECK, Action.CANCEL, Action.DELETE}


def _came(peer="127.0.0.1", headers=LOCAL, **cookies) -> Connection:
    return Connection(peer, tuple(headers), cookies)


@pytest.fixture
def served(monkeypatch):
    """Return a function that serves this process in a way."""
    return lambda mode: monkeypatch.setattr("cortiscope.access.gate", lambda: Gate(mode))


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("mode", Mode)
def test_every_action_has_a_rule_for_every_role(mode, role, action, served):
    served(mode)
    expected = {
        Role.OWNER: set(Action) - ({Action.FOLDER} if mode is not Mode.OWN else set()),
        Role.MEMBER: {Mode.OWN: GUEST_MAY, Mode.CLASS: CLASS_MAY, Mode.LAB: MEMBER_MAY}[mode],
        Role.GUEST: CLASS_MAY if mode is Mode.CLASS else GUEST_MAY,
    }[role]
    assert may(Visitor("own", "x", role), action, of="own") is (action in expected)
    assert action.value


@pytest.mark.parametrize("action", [Action.CANCEL, Action.DELETE])
def test_what_belongs_to_somebody_else_is_the_owners_alone(action, served):
    served(Mode.LAB)
    assert not may(Visitor("b", "b", Role.MEMBER), action, of="a")
    assert not may(Visitor("b", "b", Role.MEMBER), action)
    assert not may(Visitor("", "nobody", Role.MEMBER), action, of="")
    assert may(Visitor("a", "a", Role.MEMBER), action, of="a")
    assert may(Visitor("c", "c", Role.OWNER), action, of="a")


@pytest.mark.parametrize(
    ("peer", "headers", "owner"),
    [
        ("127.0.0.1", LOCAL, True),
        ("::1", [("Host", "[::1]:8501")], True),
        (
            "::ffff:127.0.0.1",
            [("host", "127.0.0.1:8501"), ("Origin", "http://127.0.0.1:8501")],
            True,
        ),
        ("10.0.0.9", LOCAL, False),
        (None, LOCAL, False),
        ("", LOCAL, False),
        ("127.0.0.1", [], False),
        ("127.0.0.1", [*LOCAL, ("Host", "localhost")], False),
        ("127.0.0.1", [("Host", "evil.example:8501")], False),
        ("127.0.0.1", [("Host", "localhost.evil.example")], False),
        ("127.0.0.1", [("Host", "localhost@evil.example")], False),
        ("127.0.0.1", [("Host", "[oops")], False),
        ("127.0.0.1", [*LOCAL, ("Origin", "https://lab.example")], False),
        ("127.0.0.1", [*LOCAL, ("Origin", "null")], False),
        ("127.0.0.1", [*LOCAL, ("X-Forwarded-For", "127.0.0.1")], False),
        ("127.0.0.1", [*LOCAL, ("X-Forwarded-Host", "localhost")], False),
        ("127.0.0.1", [*LOCAL, ("Forwarded", "for=127.0.0.1")], False),
        ("127.0.0.1", [*LOCAL, ("X-Real-IP", "127.0.0.1")], False),
        ("127.0.0.1", [*LOCAL, ("Via", "1.1 proxy")], False),
    ],
)
def test_only_a_connection_within_this_machine_is_its_owners(peer, headers, owner):
    assert who_is(Gate(Mode.OWN), _came(peer, headers)).is_owner is owner
    for mode in (Mode.CLASS, Mode.LAB):
        assert who_is(Gate(mode), _came(peer, headers)).role is Role.GUEST


@pytest.mark.parametrize("mode", Mode)
def test_a_key_gives_its_role_and_nothing_near_it_does(mode):
    gate = Gate(mode, key="k" * 32, member_key="m" * 32)
    away = {"peer": "10.0.0.9", "headers": [("Host", "lab.example")]}

    def role(key):
        return who_is(gate, _came(**away, **{KEY_COOKIE: key})).role

    assert role("k" * 32) is Role.OWNER
    assert role("m" * 32) is (Role.MEMBER if mode is Mode.LAB else Role.GUEST)
    for wrong in ("", "k" * 31, "K" * 32, "é", "k" * 33):
        assert role(wrong) is Role.GUEST


def test_a_users_name_is_believed_from_the_named_proxy_alone():
    gate = Gate(Mode.LAB, user_header="x-remote-user", proxies=networks("10.1.0.0/16"))
    named = [("Host", "lab.example"), ("X-Remote-User", "ada")]
    from_proxy = who_is(gate, _came("10.1.2.3", named))
    assert (from_proxy.name, from_proxy.role) == ("ada", Role.MEMBER)
    assert from_proxy.id == who_is(gate, _came("10.1.9.9", named, **{VISITOR_COOKIE: "v" * 32})).id
    twice = [*named, ("x-remote-user", "root")]
    for peer, headers in (("10.2.0.1", named), ("127.0.0.1", named), ("10.1.2.3", twice)):
        assert who_is(gate, _came(peer, headers)).role is Role.GUEST
    empty = [("X-Remote-User", " ")]
    assert who_is(gate, _came("10.1.2.3", empty)).role is Role.GUEST
    assert (
        who_is(Gate(Mode.CLASS, user_header="x-remote-user"), _came("::1", named)).role == "guest"
    )


def test_a_visitor_is_the_same_over_sessions_and_the_id_does_not_give_the_cookie_away():
    gate = Gate(Mode.CLASS)
    first = who_is(gate, _came(**{VISITOR_COOKIE: "v" * 32}), session="1")
    again = who_is(Gate(Mode.CLASS), _came(**{VISITOR_COOKIE: "v" * 32}), session="2")
    assert first.id == again.id
    assert "v" * 8 not in first.id
    other = who_is(gate, _came(**{VISITOR_COOKIE: "w" * 32}), session="1")
    without = [who_is(gate, _came(), session=s).id for s in "12"]
    assert len({first.id, other.id, *without}) == 4


@pytest.mark.parametrize("mode", Mode)
def test_a_refusal_says_what_and_who_may(mode, served):
    served(mode)
    for action in set(Action) - RULES[mode][Role.GUEST]:
        error = refusal(Visitor("a", "a"), action)
        assert action.value in error.message
        no_folders = action is Action.FOLDER and mode is not Mode.OWN
        assert ("CORTISCOPE_DATA" if no_folders else "terminal") in error.hint
    served(Mode.LAB)
    theirs = refusal(Visitor("a", "a", Role.MEMBER), Action.CANCEL)
    assert "somebody else’s" in theirs.message


def test_what_cannot_be_a_way_to_serve_is_said(monkeypatch):
    monkeypatch.setenv("CORTISCOPE_SERVE", "classroom")
    with pytest.raises(InvalidInput, match="classroom"):
        Gate.from_environment()
    monkeypatch.setenv("CORTISCOPE_SERVE", "class")
    for token in ("1234", "a b\nc d e f g", "ü" * 20):
        monkeypatch.setenv("CORTISCOPE_TOKEN", token)
        with pytest.raises(InvalidInput, match="too short, or holds"):
            Gate.from_environment()
    monkeypatch.setenv("CORTISCOPE_TOKEN", "a-longer-token")
    assert Gate.from_environment().role_of("a-longer-token") is Role.OWNER
    with pytest.raises(InvalidInput, match=r"proxy\.example"):
        networks("127.0.0.1, proxy.example")
