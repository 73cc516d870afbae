"""Names in place of the machine's paths, however they are written."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from cortiscope.markup import as_text
from cortiscope.path_names import PathNames

FOLDER = Path("/srv/our & data/nsd-2_é")
NAMES = PathNames({FOLDER: "nsd-2_é", Path("/srv/home"): "CORTISCOPE_HOME", Path("/data"): "data"})


@pytest.mark.parametrize("write", [str, as_text, escape, quote, lambda t: json.dumps(t)[1:-1]])
def test_a_path_is_named_however_it_is_written(write):
    text = write(f"{FOLDER}/subj01/a.npy is damaged")
    named = NAMES.in_text(text)
    assert "srv" not in named
    assert named == write("nsd-2_é/subj01/a.npy is damaged")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("/srv/home/runs", "CORTISCOPE_HOME/runs"),
        ("open_subject('/srv/home')", "open_subject('CORTISCOPE_HOME')"),
        ("/srv/home2", "/srv/home2"),
        ("file:///srv/home/x", "file://CORTISCOPE_HOME/x"),
        ("/data/x", "data/x"),
        ("“/data” and /data", "“data” and data"),
        (r"\n/data/x", r"\ndata/x"),
        ("http://host/data?run=1", "http://host/data?run=1"),
        ("./data", "./data"),
        ("/database", "/database"),
    ],
)
def test_whole_parts_alone_are_named(text, named):
    assert NAMES.in_text(text) == named


def test_a_message_is_named_to_its_last_field_and_cells_keep_their_length():
    message = ForwardMsg()
    message.new_session.main_script_path = "/srv/home/main.py"
    session = ForwardMsg.FromString(NAMES.in_message(message.SerializeToString()))
    assert session.new_session.main_script_path == "CORTISCOPE_HOME/main.py"
    message = ForwardMsg()
    message.delta.new_element.code.code_text = "/srv/home"
    read = ForwardMsg.FromString(NAMES.in_message(message.SerializeToString()))
    assert read.delta.new_element.code.code_text == "CORTISCOPE_HOME"
    message = ForwardMsg()
    message.delta.new_element.multiselect.options.extend(["a", "/srv/home/b"])
    read = ForwardMsg.FromString(NAMES.in_message(message.SerializeToString()))
    assert list(read.delta.new_element.multiselect.options) == ["a", "CORTISCOPE_HOME/b"]
    message = ForwardMsg()
    message.delta.new_element.bidi_component.bytes = b"\x00\x09/srv/home\xff"
    read = ForwardMsg.FromString(NAMES.in_message(message.SerializeToString()))
    assert read.delta.new_element.bidi_component.bytes == b"\x00\x09*********\xff"


def test_a_message_without_a_path_is_not_touched():
    content = b"no message at all"
    assert NAMES.in_message(content) is content
