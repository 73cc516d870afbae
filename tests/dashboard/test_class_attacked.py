"""A class is read-only against messages too that no page of its visitors can send."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import zlib
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from cortiscope.access import RULES, Action
from cortiscope.serving import KEY_COOKIE, Mode, Role
from tests.data.tiny_world import write_subject
from tests.visitor import ROOT, Run, Served, Visitor, serving, visiting

KEY = "presenters-token-of-a-test"
PAGES = ("", "accuracy", "compare", "your-image", "data")

# What only whoever sits at the machine, presents or is a member may do: by which controls a page
# offers it. A new action needs its own; one that no page offers yet says so by none.
CONTROLS: dict[Action, tuple[str, ...]] = {
    Action.FIT: ("fit-open-run", "fit-go"),
    Action.CANCEL: ("work-cancel-job", "data-check-stop"),
    Action.FOLDER: ("open-folder-path", "FormSubmitter:open-folder-Open", "folder-close-2"),
    Action.CHECKPOINT: ("fit-checkpoint-small_cnn",),
    Action.NETWORK: ("fit-network",),
    Action.CHECK: ("data-check-deep", "data-check-again"),
    Action.FETCH: ("fetch-fsaverage",),
    Action.DELETE: ("models-delete",),
    Action.DESCRIBE: ("FormSubmitter:models-about-Save",),
    Action.PATHS: (),
    Action.SETTINGS: (),
    Action.PAGES: (),
}
# Written for whoever looks on: what a browser needs to draw a cortex, and digests of pictures.
CACHES = {"cortex", "surfaces", "content", "converted"}
WAYS = {
    "as it is": {},
    "for": {"X-Forwarded-For": "127.0.0.1"},
    "forwarded": {"Forwarded": "for=127.0.0.1;host=localhost"},
    "real": {"X-Real-IP": "127.0.0.1"},
    "user": {"X-Remote-User": "root", "Remote-User": "root"},
    "guess": {"Cookie": f"{KEY_COOKIE}=guess"},
    "host": {"Host": "localhost.evil.example"},
}


def _serve(home: Path, data: Path, mode: Mode):
    env = {
        "CORTISCOPE_HOME": str(home),
        "CORTISCOPE_DATA": os.pathsep.join(map(str, (data, data / "not there"))),
        "CORTISCOPE_SERVE": mode.value,
        "CORTISCOPE_TOKEN": KEY,
    }
    before = (
        "import cortiscope.core.pipeline.demo as demo, pathlib\n"
        "demo.demo_is_ready = demo.demo_is_complete = lambda _: True\n"
        "import cortiscope.subject.data_folders as folders\n"
        f"folders.demo_folder = lambda _: pathlib.Path({str(data)!r})\n"
        "from cortiscope.work.answering import AnsweringProcess\n"
        "AnsweringProcess.warm_up = lambda _: None\n"
    )
    return serving(env=env, before=before)


@pytest.fixture(scope="module")
def world(tiny_world, tmp_path_factory) -> tuple[Path, Path]:
    """A home of our own and data, of which one subject is damaged and one was opened here."""
    root = tmp_path_factory.mktemp("class")
    home, data = root / "secret-home", root / "secret-data"
    shutil.copytree(tiny_world.home.root, home)
    shutil.copytree(tiny_world.data, data)
    write_subject(data / "subj09")
    broken = next(data.glob("subj09/training_split/training_fmri/*.npy"))
    broken.write_bytes(broken.read_bytes()[:100])
    write_subject(root / "opened" / "private")
    (home / "opened-folders.json").write_text(f'{{"folders": ["{root / "opened"}"]}}')
    return home, data


_KEYED = re.compile(r"\$\$ID-[0-9a-f]+-(.+)")


class Control(NamedTuple):
    """Something on a page that can be used."""

    kind: str
    id: str
    fragment: str


@asynccontextmanager
async def _coming(served: Served, headers: dict[str, str]):
    """Connect as somebody, and take down all that is sent to them."""
    headers = dict(headers)
    address, how = served.address, {}
    if host := headers.pop("Host", ""):
        own = urlsplit(address)
        address, how = f"http://{host}", {"host": own.hostname, "port": own.port}
    async with visiting(address, additional_headers=headers, **how) as visitor:
        seen: list[bytes] = []
        visitor._socket = _Heard(visitor._socket, seen)
        yield visitor, seen


class _Heard:
    def __init__(self, socket: Any, seen: list[bytes]) -> None:
        self._socket, self._seen = socket, seen

    async def send(self, content: bytes) -> None:
        await self._socket.send(content)

    async def recv(self) -> bytes:
        content = await self._socket.recv()
        self._seen.append(content)
        return content


async def _controls_of(visitor: Visitor, seen: list[bytes]) -> dict[str, Control]:
    """Return by key all that pages offer: what opens is opened, the dialog of fits too."""
    for page in PAGES:
        await visitor.open(page)
    await visitor.open()
    opener = _controls(seen)["models-run"]
    await _send(visitor, opener.fragment, (opener.id, {"bool_value": True}))
    button = _controls(seen)["fit-open-run"]
    await _send(visitor, button.fragment, (button.id, {"trigger_value": True}))
    return _controls(seen)


def _controls(seen: list[bytes]) -> dict[str, Control]:
    found = {}

    def look(message: Any, kind: str, fragment: str) -> None:
        for field, value in message.ListFields():
            if field.name == "id" and isinstance(value, str) and (keyed := _KEYED.fullmatch(value)):
                found[keyed[1]] = Control(kind, value, fragment)
            elif field.type == field.TYPE_MESSAGE and not field.is_repeated:
                look(value, field.name, fragment)

    for content in seen:
        message = ForwardMsg.FromString(content)
        look(message.delta, "", message.delta.fragment_id)
    return found


async def _send(visitor: Visitor, fragment: str, *states: tuple[str, dict[str, Any]]) -> Run:
    """Send states of controls as a browser would, whether it was offered them or not."""
    return await visitor._run(_state(visitor, fragment, *states))


def _state(visitor: Visitor, fragment: str, *states: tuple[str, dict[str, Any]]) -> ClientState:
    sent = ClientState(page_script_hash=visitor._page, fragment_id=fragment)
    for name, value in states:
        sent.widget_states.widgets.add(id=name, **value)
    return sent


@pytest.fixture(scope="module")
def controls(world) -> dict[str, Control]:
    """What the owner of a machine is offered; who comes from elsewhere is not."""
    home, data = world
    own = home.with_name("own-home")
    shutil.copytree(home, own)

    async def look(served):
        async with _coming(served, {}) as (owner, seen):
            offered = await _controls_of(owner, seen)
            assert any(str(data).encode() in content for content in seen)
        for way in ("for", "forwarded", "real"):
            async with _coming(served, WAYS[way]) as (guest, heard):
                for page in ("", "data"):
                    await guest.open(page)
                assert not _refused() & _controls(heard).keys(), way
        return offered

    with _serve(own, data, Mode.OWN) as served:
        return asyncio.run(look(served))


def _refused() -> set[str]:
    return {key for keys in CONTROLS.values() for key in keys}


def _state_of(home: Path) -> dict[str, tuple[int, int]]:
    files = (p for p in home.rglob("*") if p.is_file())
    kept = (p for p in files if p.relative_to(home).parts[0] not in CACHES)
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in kept}


def _at_work(served: Served) -> list[str]:
    """Name what the server has started, but for those that open foreign files for all."""
    started = psutil.Process(served.process.pid).children(recursive=True)
    words = [" ".join(child.cmdline()) for child in started]
    return [w for w in words if w and " reader " not in f"{w} " and " worker " not in f"{w} "]


def _held(content: bytes) -> list[bytes]:
    """Return a message, and what lies compressed in it."""
    found = [content]
    for start in re.finditer(b"\x1f\x8b\x08", content):
        try:
            found.append(zlib.decompressobj(31).decompress(content[start.start() :]))
        except zlib.error:
            continue
    return found


def _told(kind: str) -> dict[str, Any]:
    return {"trigger_value": True} if kind == "button" else {"string_value": "/etc"}


def test_every_action_that_visitors_are_refused_is_attacked():
    assert set(CONTROLS) == set(Action) - RULES[Mode.CLASS][Role.GUEST]


def test_a_class_is_read_only_whatever_a_browser_sends(world, controls):
    home, data = world
    offered = {key for key in _refused() if key in controls}
    # Each kind of control is really attacked, as far as tiny data offer it.
    for action in (Action.FIT, Action.FOLDER, Action.NETWORK):
        assert offered & set(CONTROLS[action]), (action, sorted(controls))
    secrets = [str(home), str(data), str(ROOT), sys.prefix, str(home.parent)]

    states = [(c.id, _told(c.kind)) for key, c in controls.items() if key in offered]
    # The drawer of models, in which the button of fits stands.
    states += [(controls["models-run"].id, {"bool_value": True})]
    states += [(f"$$ID-{'0' * 32}-{key}", _told("button")) for key in _refused() - offered]

    async def attack(visitor: Visitor, seen: list[bytes], page: str, **address: str):
        first = await visitor.open(page, **address)
        own = {control.fragment for control in _controls(seen).values()}
        for fragment in {control.fragment for control in controls.values()} - own:
            # One that only the owner's pages have: no answer comes.
            sent = BackMsg(rerun_script=_state(visitor, fragment, *states))
            await visitor._socket.send(sent.SerializeToString())
        for fragment in {"", *own}:
            await _send(visitor, fragment, *states)
        assert not _refused() & _controls(seen).keys(), page
        for kind in ("clear_cache", "set_run_on_save", "load_git_info"):
            await visitor._socket.send(BackMsg(**{kind: True}).SerializeToString())
        again = await visitor.open(page, **address)
        exceptions = [
            e for run in (first, again) for kind, _, e in run.elements if kind == "exception"
        ]
        assert not exceptions, page
        for content in seen:
            for held in _held(content):
                told = [s for s in secrets if s.encode() in held]
                assert not told, held[:200]
        seen.clear()

    async def come(served):
        async with _coming(served, {}) as (visitor, _):
            for page in PAGES:  # what is drawn for all is made by the first
                await visitor.open(page)
        before = _state_of(home)
        for way, headers in WAYS.items():
            async with _coming(served, headers) as (visitor, seen):
                for page in PAGES if way == "as it is" else ("data",):
                    await attack(visitor, seen, page)
                if way == "as it is":
                    await attack(visitor, seen, "data", subject="subj09")
                    await attack(visitor, seen, "", subject="private")
        assert _state_of(home) == before
        assert not _at_work(served)
        # The presenter does see where things lie, and is offered what visitors are not.
        async with _coming(served, {"Cookie": f"{KEY_COOKIE}={KEY}"}) as (visitor, seen):
            await visitor.open("data")
            assert any(str(data).encode() in content for content in seen)
            assert "fit-open-run" in await _controls_of(visitor, seen)

    with _serve(home, data, Mode.CLASS) as served:
        asyncio.run(come(served))
