"""The served app and its visitors without browsers: websockets that speak Streamlit's protocol.

A visitor knows what is on its page by the keys of widgets and components, and sends what a browser
sends when one of them is used: the element's id, its value, and the fragment that it belongs to.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 120
_ADDRESS = re.compile(r'data-address="([^"]*)"')
_KEYED = re.compile(r"\$\$ID-[0-9a-f]+-(.+)")


class Widget(NamedTuple):
    """A widget or component on the page; ``fragment`` is empty outside of all."""

    id: str
    fragment: str


@dataclass
class Run:
    """What one run of the script sent.

    Parameters
    ----------
    seconds : from the request until the word that the script has ended.
    n_bytes : of all messages.
    fragments : ids of those that ran; none where the whole script did.
    elements : what was sent anew, in order: (kind, key or empty, the element).
    """

    seconds: float = 0.0
    n_bytes: int = 0
    fragments: list[str] = field(default_factory=list)
    elements: list[tuple[str, str, Any]] = field(default_factory=list)

    def drawn(self) -> set[str]:
        """Keys of what was sent anew."""
        return {key for _, key, _ in self.elements if key}

    def words(self) -> str:
        """All messages to people: warnings, errors, and HTML."""
        bodies = [e.body for kind, _, e in self.elements if kind in ("alert", "html", "markdown")]
        return "\n".join(bodies)

    def failures(self) -> list[str]:
        """What a page must not show: exceptions and red messages."""
        return [
            e.message if kind == "exception" else e.body
            for kind, _, e in self.elements
            if kind == "exception" or (kind == "alert" and e.format == e.ERROR)
        ]


class Visitor:
    """One session; see ``visiting``."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.widgets: dict[str, Widget] = {}
        self.query, self._page = "", ""
        self._cached: dict[str, int] = {}
        self._runs = 0

    @property
    def address(self) -> dict[str, str]:
        """What the address bar says."""
        return dict(parse_qsl(self.query))

    async def open(self, page: str = "", **address: str) -> Run:
        """Open a page of the app, by its ``url``."""
        self.query, self._page = urlencode(address), ""
        self.widgets.clear()
        return await self._run(ClientState(page_name=page, query_string=self.query))

    async def use(self, key: str, **values: Any) -> Run:
        """Set a widget: ``string_value="x"``, ``trigger_value=True`` (a button), and so on."""
        state = self._state(key)
        state.widget_states.widgets.add(id=self.widgets[key].id, **values)
        return await self._run(state)

    async def tell(self, key: str, event: str, value: Any) -> Run:
        """Have a component say that something happened in it (``setTriggerValue``)."""
        state = self._state(key)
        state.widget_states.widgets.add(
            id=f"$$STREAMLIT_INTERNAL_KEY_{self.widgets[key].id}__events",
            json_trigger_value=json.dumps([{"event": event, "value": value}]),
        )
        return await self._run(state)

    async def see(self, split: str, number: int) -> Run:
        """Go to a picture of the gallery; numbers count from 0."""
        return await self.tell("gallery", "picked", {"split": split, "number": number})

    def _state(self, key: str) -> ClientState:
        return ClientState(
            query_string=self.query,
            page_script_hash=self._page,
            fragment_id=self.widgets[key].fragment,
            cached_message_hashes=list(self._cached),
        )

    async def _run(self, state: ClientState) -> Run:
        run, begun = Run(), time.perf_counter()
        await self._socket.send(BackMsg(rerun_script=state).SerializeToString())
        while True:
            data = await asyncio.wait_for(self._socket.recv(), _PATIENCE)
            run.n_bytes += len(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                run.fragments = list(message.metadata.run.fragment_ids)
            elif kind == "navigation":
                self._page = message.navigation.page_script_hash
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._take(run, message)
            elif kind == "delta" and message.delta.add_block.HasField("popover"):
                self._know(message.delta.add_block.popover.id, message.delta.fragment_id)
            elif kind == "ref_hash":
                self._cached[message.ref_hash] = self._runs
            elif kind == "script_finished" and (
                message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                break
        run.seconds = time.perf_counter() - begun
        self._runs += 1
        # As a browser: what was not shown for two runs is dropped.
        self._cached = {h: seen for h, seen in self._cached.items() if seen + 2 >= self._runs}
        return run

    def _take(self, run: Run, message: ForwardMsg) -> None:
        kind = message.delta.new_element.WhichOneof("type")
        element = getattr(message.delta.new_element, kind)
        key = self._know(getattr(element, "id", ""), message.delta.fragment_id)
        if message.metadata.cacheable:
            self._cached[message.hash] = self._runs
        if kind == "html" and (address := _ADDRESS.search(element.body)):
            self.query = unescape(address[1])
        run.elements.append((kind, key, element))

    def _know(self, widget: str, fragment: str) -> str:
        """Take down a widget by its key, if it has one, and return that."""
        keyed = _KEYED.fullmatch(widget)
        if keyed is None:
            return ""
        self.widgets[keyed.group(1)] = Widget(widget, fragment)
        return keyed.group(1)


@asynccontextmanager
async def visiting(address: str, **how: Any) -> AsyncIterator[Visitor]:
    """Connect to an app at ``http://...`` for as long as the block lasts.

    Parameters
    ----------
    how : further options of the websocket, such as ``additional_headers``.
    """
    url = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    # No compression: the app's own answers are not compressed either.
    async with connect(
        url,
        subprotocols=["streamlit"],
        max_size=None,
        compression=None,
        open_timeout=_PATIENCE,
        **how,
    ) as socket:
        yield Visitor(socket)


class Served(NamedTuple):
    """A running app."""

    address: str
    process: subprocess.Popen[bytes]


@contextmanager
def serving(
    *settings: str,
    env: Mapping[str, str] | None = None,
    before: str = "",
    folder: Path = ROOT,
    python: str = sys.executable,
) -> Iterator[Served]:
    """Serve the app on a free port for as long as the block lasts.

    Parameters
    ----------
    settings : options of ``streamlit run``.
    before : Python that runs first in the server's process.
    folder, python : of another checkout, in whose environment it is installed.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [python, "-c", f"{before}\nfrom streamlit.web import cli\ncli.main()"]
    command += ["run", "dashboard/app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), *settings]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield Served(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            assert process.poll() is None, "The app ended while it was starting."
            time.sleep(0.2)
        else:
            return
    raise AssertionError("The app did not answer for two minutes.")
