"""What stands in front of Streamlit: cookies, keys, limits of uploads, messages of visitors."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from cortiscope import gatehouse
from cortiscope.gatehouse import Gatehouse, connection_of
from cortiscope.serving import (
    KEY_COOKIE,
    VISITOR_COOKIE,
    Gate,
    Mode,
    Role,
    announcement,
    networks,
    who_is,
)

KEY, MEMBER = "k" * 32, "m" * 32
PAGE = {"Accept": "text/html,*/*"}
UPLOAD = "/_stcore/upload_file/s1"


def _client(mode=Mode.CLASS, taken=None, **served) -> TestClient:
    gate = Gate(mode, key=KEY, member_key=MEMBER, **served)

    async def page(request):
        return HTMLResponse(who_is(gate, connection_of(request.scope)).role)

    async def take(request):
        size = 0
        async for part in request.stream():
            size += len(part)
            if taken is not None:
                taken.append(len(part))
        return PlainTextResponse(str(size))

    async def talk(socket):
        await socket.accept()
        async for content in socket.iter_bytes():
            heard = BackMsg.FromString(content)
            said = ForwardMsg()
            kind = heard.WhichOneof("type")
            said.delta.new_element.markdown.body = f"{kind} of {gatehouse.__file__}"
            await socket.send_bytes(said.SerializeToString())

    routes = [
        Route("/_stcore/upload_file/{session}/{file}", take, methods=["PUT"]),
        WebSocketRoute("/_stcore/stream", talk),
        Route("/{rest:path}", page, methods=["GET", "POST"]),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Gatehouse, served=gate)])
    return TestClient(app, base_url="http://lab.example", follow_redirects=False)


def test_a_browser_gets_a_name_once_and_no_script_can_read_it():
    client = _client()
    said = client.get("/", headers=PAGE).headers["set-cookie"]
    assert said.startswith(f"{VISITOR_COOKIE}=")
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert "Secure" not in said
    assert "set-cookie" not in client.get("/", headers=PAGE).headers
    assert "set-cookie" not in _client().get("/static/a.js").headers
    renewed = client.get("/", headers={**PAGE, "Cookie": f"{VISITOR_COOKIE}=short"})
    assert "set-cookie" in renewed.headers
    behind = _client().get("/", headers={**PAGE, "X-Forwarded-Proto": "https"})
    assert "Secure" in behind.headers["set-cookie"]


def test_a_key_in_the_address_is_kept_in_a_cookie_and_leaves_the_address():
    client = _client()
    answer = client.get(f"/accuracy?run=a%20b&token={KEY}&roi=V1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "./accuracy?run=a+b&roi=V1"
    assert answer.headers["cache-control"] == "no-store"
    for word in ("HttpOnly", "SameSite=Lax", KEY_COOKIE):
        assert word in answer.headers["set-cookie"]
    assert client.get("/").text == Role.OWNER
    assert client.post("/presenter", data={"leave": "1"}).status_code == 303
    assert client.get("/").text == Role.GUEST


def test_a_key_in_the_field_does_the_same_and_a_wrong_one_says_so():
    client = _client()
    assert 'name="key"' in client.get("/presenter").text
    wrong = client.post("/presenter", data={"key": "guess"})
    assert wrong.status_code == 403
    assert "set-cookie" not in wrong.headers
    assert "right one" in wrong.text
    assert client.get("/?token=guess").status_code == 403
    assert client.post("/presenter", content=b"key=" + b"k" * 5000).status_code == 403
    assert client.get("/").text == Role.GUEST
    assert client.post("/presenter", data={"key": KEY}).headers["location"] == "./"
    assert client.get("/").text == Role.OWNER
    # Of a member it makes a member, and in a laboratory alone.
    assert client.get(f"/?token={MEMBER}").status_code == 403
    lab = _client(Mode.LAB)
    lab.get(f"/?token={MEMBER}")
    assert lab.get("/").text == Role.MEMBER


def test_a_page_of_others_takes_no_key_from_whoever_presents():
    client = _client()
    client.cookies.set(KEY_COOKIE, KEY)
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = client.post("/presenter", data={"leave": "1"}, headers=foreign)
    assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)
    own = {"Sec-Fetch-Site": "same-origin"}
    left = client.post("/presenter", data={"leave": "1"}, headers=own, follow_redirects=False)
    assert left.status_code == 303


def test_what_caches_may_keep_for_all_names_nobody():
    async def answer(scope, receive, send):
        kept = {"Cache-Control": "public, max-age=9, immutable"}
        shared = scope["path"] == "/stimuli/1"
        await PlainTextResponse("x", headers=kept if shared else {})(scope, receive, send)

    client = TestClient(Gatehouse(answer, Gate(Mode.CLASS)))
    assert VISITOR_COOKIE not in client.get("/stimuli/1", headers=PAGE).headers.get(
        "set-cookie", ""
    )
    assert VISITOR_COOKIE in client.get("/", headers=PAGE).headers["set-cookie"]


def test_an_upload_ends_where_its_session_has_no_room(monkeypatch):
    monkeypatch.setitem(gatehouse.UPLOADS, Role.GUEST, (1000, 3))
    taken: list[int] = []
    client = _client(taken=taken)
    assert client.put(f"{UPLOAD}/a", content=b"x" * 600).text == "600"
    said = client.put(f"{UPLOAD}/b", content=b"x" * 600)
    assert said.status_code == 413
    assert "as much as one may" in said.text
    assert sum(taken) == 600, "what was announced as too long is not read"
    # Another session has its own room; of what names no length only what there is room for.
    other = "/_stcore/upload_file/s2"
    taken.clear()
    long = (b"x" * 400 for _ in range(100))
    assert client.put(f"{other}/a", content=long).status_code == 413
    assert sum(taken) <= 1000
    for k in range(2):
        client.put(f"/_stcore/upload_file/s3/{k}", content=b"")
    assert client.put("/_stcore/upload_file/s3/2", content=b"").status_code == 200
    assert client.put("/_stcore/upload_file/s3/3", content=b"").status_code == 413


def test_a_false_length_does_not_help(monkeypatch):
    monkeypatch.setitem(gatehouse.UPLOADS, Role.GUEST, (1000, 3))
    taken: list[int] = []
    client = _client(taken=taken)
    for length in ("1", "-5", "many", "9" * 30):
        client.put(
            f"{UPLOAD}/a",
            content=(b"x" * 400 for _ in range(9)),
            headers={"Content-Length": length},
        )
    assert sum(taken) <= 1000


def test_an_app_of_this_machine_alone_answers_to_its_own_names(monkeypatch):
    import streamlit as st

    address = ["127.0.0.1"]
    monkeypatch.setattr(st, "get_option", lambda name: address[0] if "address" in name else "")
    for host in ("localhost", "127.0.0.1:8501", "[::1]:8501"):
        assert _client(Mode.OWN).get("/", headers={"Host": host}).status_code == 200
    for host in ("evil.example", "localhost.evil.example:8501", "10.0.0.9"):
        refused = _client(Mode.OWN).get("/", headers={"Host": host, "X-Forwarded-For": "::1"})
        assert refused.status_code == 403
        assert "--class or --lab" in refused.text
        with (
            pytest.raises(WebSocketDisconnect),
            _client(Mode.OWN).websocket_connect("/_stcore/stream", headers={"Host": host}),
        ):
            pass
        assert _client(Mode.LAB).get("/", headers={"Host": host}).status_code == 200
    address[0] = "0.0.0.0"  # noqa: S104
    assert _client(Mode.OWN).get("/", headers={"Host": "10.0.0.9"}).text == Role.GUEST


def _hear(message: BackMsg, key: str = "") -> str:
    cookie = {"Cookie": f"{KEY_COOKIE}={key}"}
    with _client().websocket_connect("/_stcore/stream", headers=cookie) as socket:
        socket.send_bytes(message.SerializeToString())
        socket.send_bytes(BackMsg(stop_script=True).SerializeToString())
        return ForwardMsg.FromString(socket.receive_bytes()).delta.new_element.markdown.body


def _messages() -> dict[str, BackMsg]:
    rerun, files, chunk, download, skills, dismiss = (BackMsg() for _ in range(6))
    rerun.rerun_script.query_string = "a=b"
    files.file_urls_request.request_id = "1"
    chunk.backend_operation_request.dataframe_chunk.SetInParent()
    download.backend_operation_request.deferred_file.SetInParent()
    skills.backend_operation_request.install_skills.SetInParent()
    dismiss.backend_operation_request.dismiss_skills_nudge.SetInParent()
    return {
        "rerun": rerun,
        "files": files,
        "chunk": chunk,
        "download": download,
        "heartbeat": BackMsg(app_heartbeat=True),
        "clear": BackMsg(clear_cache=True),
        "save": BackMsg(set_run_on_save=True),
        "git": BackMsg(load_git_info=True),
        "shutdown": BackMsg(debug_shutdown_runtime=True),
        "skills": skills,
        "dismiss": dismiss,
    }


HEARD = {"rerun", "files", "chunk", "download", "heartbeat"}


@pytest.mark.parametrize("name", _messages())
def test_visitors_say_only_what_changes_nothing_for_others(name):
    message = _messages()[name]
    kind = message.WhichOneof("type")
    said = _hear(message)
    assert said.partition(" ")[0] == (kind if name in HEARD else "stop_script")
    assert said.endswith(" of cortiscope/gatehouse.py")
    # Whoever presents says and sees everything.
    assert _hear(message, KEY) == f"{kind} of {gatehouse.__file__}"


@pytest.mark.parametrize(
    ("mode", "address", "said", "not_said"),
    [
        (Mode.OWN, "127.0.0.1", ["own machine", "--class or --lab"], [KEY]),
        (Mode.OWN, "0.0.0.0", ["own machine", KEY, "read-only"], []),  # noqa: S104
        (Mode.CLASS, "127.0.0.1", ["class, read-only", KEY, "this machine alone"], [MEMBER]),
        (Mode.LAB, "10.0.0.5", ["laboratory", KEY, MEMBER, "x-user", "10.1.0.0/16"], ["alone"]),
    ],
)
def test_the_terminal_says_how_it_is_served(mode, address, said, not_said):
    gate = Gate(mode, KEY, MEMBER, user_header="x-user", proxies=networks("10.1.0.0/16"))
    words = announcement(gate, address, 8501)
    assert all(word in words for word in said)
    assert not any(word in words for word in not_said)
