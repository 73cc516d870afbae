"""What stands in front of Streamlit: cookies, the key, the limit of uploads, names for paths.

A middleware, so that it sees every request and every message of a websocket before Streamlit
does. What visitors may do in the app itself is asked there, of ``access``.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from html import escape
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode

import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from cortiscope.access import UPLOADS, Action, may, refusal
from cortiscope.frontends import base_path
from cortiscope.path_names import names_in_message
from cortiscope.serving import (
    KEY_COOKIE,
    VISITOR_COOKIE,
    Connection,
    Gate,
    Mode,
    Role,
    Visitor,
    asks_for_this_machine,
    gate,
    is_loopback,
    is_visitor_cookie,
    new_visitor_cookie,
    who_is,
)

_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")
_YEAR = 365 * 24 * 3600
_LONGEST_FORM = 4096

#: The page on which a key is given.
KEY_PAGE = "presenter"

_SESSIONS = 10_000

# What a browser says that changes nothing for others. The rest empties caches, looks into the
# repository or writes files.
_FOR_ALL = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request"}
_OPERATIONS_FOR_ALL = {"deferred_file", "dataframe_chunk"}


class Gatehouse:
    """The middleware.

    Parameters
    ----------
    app : what stands behind it.
    served : how; as the environment says without.
    """

    def __init__(self, app: ASGIApp, served: Gate | None = None) -> None:
        self._app = app
        self._served = served
        self._uploads = _Uploads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        served = self._served or gate()
        connection = connection_of(scope)
        who = who_is(served, connection)
        if served.mode is Mode.OWN and _is_foreign_name(connection):
            await _refuse_foreign_name(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(who, scope, receive, send)
        elif scope["method"] == "PUT" and (upload := _UPLOAD.search(scope["path"])):
            await self._upload(who, upload[1], scope, receive, send)
        elif (answer := await self._about_keys(served, who, scope, receive)) is not None:
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, _with_cookie(connection, scope, send))

    async def _about_keys(
        self, served: Gate, who: Visitor, scope: Scope, receive: Receive
    ) -> Response | None:
        """Take a key from the address or the form; None where it is about none."""
        request = Request(scope, receive)
        own_page = scope["path"].rstrip("/").endswith(f"/{KEY_PAGE}")
        if own_page and request.method == "POST":
            if request.headers.get("sec-fetch-site", "") == "cross-site":
                # A page of others must not take the key from whoever presents.
                return PlainTextResponse(
                    "A key is given and taken back on the app’s own page.", 403
                )
            said = await _form(request)
            if "leave" in said:
                return _home(request, "")
            return _home(request, key) if served.role_of(key := said.get("key", "")) else _wrong()
        if request.method != "GET":
            return None
        if key := request.query_params.get("token", ""):
            return _back(request, key) if served.role_of(key) else _wrong()
        return HTMLResponse(_key_page(served, who), headers=_QUIET) if own_page else None

    async def _upload(
        self, who: Visitor, session: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let an upload through as far as its session has room for it."""
        if not may(who, Action.UPLOAD):
            words = PlainTextResponse(str(refusal(who, Action.UPLOAD)), 403)
            await words(scope, receive, send)
            return
        most, files = UPLOADS[who.role]
        begun = False

        async def counted() -> Message:
            message = await receive()
            if not self._uploads.add(session, len(message.get("body", b"")), most):
                raise _TooMuchError
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        length = (
            int(said) if (said := Request(scope).headers.get("content-length", "")).isdigit() else 0
        )
        if self._uploads.begin(session, files) and self._uploads.has_room(session, length, most):
            try:
                await self._app(scope, counted, watched)
                return
            except _TooMuchError:
                if begun:
                    raise
        words = PlainTextResponse(
            f"This session has uploaded {most // 2**20} MB or {files} files, which is as much as "
            "one may. Reload the page to begin another.",
            413,
        )
        await words(scope, receive, send)

    async def _websocket(self, who: Visitor, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass messages on: of those that visitors may send, and without the machine's paths."""
        hears_all, sees_all = may(who, Action.SETTINGS), may(who, Action.PATHS)

        async def heard() -> Message:
            while True:
                message = await receive()
                content = message.get("bytes")
                if (
                    message["type"] != "websocket.receive"
                    or content is None
                    or _is_for_all(content)
                ):
                    return message

        async def said(message: Message) -> None:
            if message["type"] == "websocket.send" and (content := message.get("bytes")):
                message = {**message, "bytes": names_in_message(content)}
            await send(message)

        await self._app(scope, receive if hears_all else heard, send if sees_all else said)


class _TooMuchError(Exception):
    """An upload is longer than what its session has room for."""


class _Uploads:
    """What each session has uploaded; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, list[int]] = OrderedDict()

    def _of(self, session: str) -> list[int]:
        self._known.setdefault(session, [0, 0])
        self._known.move_to_end(session)
        while len(self._known) > _SESSIONS:
            self._known.popitem(last=False)
        return self._known[session]

    def begin(self, session: str, files: int) -> bool:
        """Count one more file; False where there were as many as may be."""
        self._of(session)[1] += 1
        return self._of(session)[1] <= files

    def has_room(self, session: str, size: int, most: int) -> bool:
        """Whether so much more may come."""
        return self._of(session)[0] + size <= most

    def add(self, session: str, size: int, most: int) -> bool:
        """Count what has come; False where that is too much."""
        self._of(session)[0] += size
        return self._of(session)[0] <= most


def _is_foreign_name(connection: Connection) -> bool:
    """Whether somebody reached an app that listens to its own machine alone by a foreign name.

    A page of the internet can have its own name point here, and would then read what it likes.
    """
    address = str(st.get_option("server.address") or "")
    return is_loopback(address) and not asks_for_this_machine(connection)


async def _refuse_foreign_name(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    words = PlainTextResponse(
        "This app is served on its own machine, and was asked for by another name. Whoever runs it "
        "can serve it to others with cortiscope serve --class or --lab.",
        403,
    )
    await words(scope, receive, send)


def connection_of(scope: Scope) -> Connection:
    """Return what a request or a websocket came with."""
    about = HTTPConnection(scope)
    peer = scope["client"][0] if scope.get("client") else None
    return Connection(peer, tuple(about.headers.items()), about.cookies)


def _is_for_all(content: bytes) -> bool:
    """Whether a message of a browser is one that any visitor may send."""
    message = BackMsg()
    try:
        message.ParseFromString(content)
    except Exception:  # protobuf's own; Streamlit closes the connection over it
        return True
    kind = message.WhichOneof("type")
    if kind == "backend_operation_request":
        asked = message.backend_operation_request.WhichOneof("payload")
        return asked in _OPERATIONS_FOR_ALL
    return kind in _FOR_ALL


def _with_cookie(connection: Connection, scope: Scope, send: Send) -> Send:
    """Give a browser that has none a name with the page that it opens."""
    if is_visitor_cookie(connection.cookies.get(VISITOR_COOKIE, "")):
        return send
    # What opens a page asks for HTML; it may be told to take what it had.
    is_page = any("text/html" in accepted for accepted in connection.all_of("accept"))

    async def named(message: Message) -> None:
        # What caches may keep for all must not hand one visitor's name to the next.
        if (
            is_page
            and message["type"] == "http.response.start"
            and "public" not in Headers(raw=message["headers"]).get("cache-control", "")
        ):
            made = _cookie(scope, VISITOR_COOKIE, new_visitor_cookie(), _YEAR)
            headers = [*message["headers"], (b"set-cookie", made.encode("latin-1"))]
            message = {**message, "headers": headers}
        await send(message)

    return named


def _cookie(scope: Scope, name: str, value: str, age: int) -> str:
    made: SimpleCookie = SimpleCookie()
    made[name] = value
    one = made[name]
    one["path"], one["max-age"] = base_path() or "/", age
    one["httponly"], one["samesite"] = True, "Lax"
    forwarded = HTTPConnection(scope).headers.get("x-forwarded-proto", "")
    if "https" in (scope.get("scheme"), forwarded):
        one["secure"] = True
    return one.OutputString()


# A key must neither be kept nor be told to another page.
_QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def _back(request: Request, key: str) -> Response:
    """Keep a key in a cookie, and lead to the same address without it."""
    rest = [(k, v) for k, v in parse_qsl(request.url.query) if k != "token"]
    page = request.scope["path"].rpartition("/")[2]
    return _led(request, f"./{quote(page)}" + (f"?{urlencode(rest)}" if rest else ""), key)


def _home(request: Request, key: str) -> Response:
    return _led(request, "./", key)


def _led(request: Request, where: str, key: str) -> Response:
    answer = RedirectResponse(where, 303, headers=_QUIET)
    made = _cookie(request.scope, KEY_COOKIE, key, 30 * 24 * 3600 if key else 0)
    answer.headers.append("set-cookie", made)
    return answer


async def _form(request: Request) -> dict[str, str]:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LONGEST_FORM:
            return {}
    return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Cortiscope</title>
<style>:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 14vh auto;
  padding: 0 1.2rem; }}
input, button {{ font: inherit; padding: .4rem .7rem; }}
input {{ width: 100%; box-sizing: border-box; margin: .2rem 0 .8rem; }}
</style><h1>{title}</h1><p>{words}</p>{form}<p><a href="./">To the app</a></p></html>"""
_FIELD = """<form method="post" action="./{page}"><label>Token
<input name="key" type="password" autocomplete="current-password" required autofocus></label>
<button>Enter</button></form>"""
_LEAVE = """<form method="post" action="./{page}">
<button name="leave" value="1">Give it back</button></form>"""


def _key_page(served: Gate, who: Visitor) -> str:
    if who.role is not Role.GUEST:
        name = {Role.OWNER: "everything", Role.MEMBER: "what members of the laboratory may"}
        form = _LEAVE.format(page=KEY_PAGE) if served.mode is not Mode.OWN else ""
        return _PAGE.format(title="You may do", words=escape(f"{name[who.role]}."), form=form)
    return _PAGE.format(
        title="Who presents?",
        words="The terminal that runs the app has printed a token. It is given once in a browser.",
        form=_FIELD.format(page=KEY_PAGE),
    )


def _wrong() -> Response:
    words = (
        "This token opens nothing here. The terminal that runs the app has printed the right one; "
        "it changes when the app is started again."
    )
    page = _PAGE.format(title="Not this token", words=words, form=_FIELD.format(page=KEY_PAGE))
    return HTMLResponse(page, 403, headers=_QUIET)
