"""A frontend as one file: what is bundled, what is refused, how it is served."""

from __future__ import annotations

import json
import subprocess
import sys
from unittest.mock import patch

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cortiscope import (
    address_bar,
    command_palette,
    cortex_view,
    roi_chart,
    stimulus_gallery,
    svg_chart,
)
from cortiscope.frontends import BundleError, Frontend, frontend_route, plain

OWN = [
    part.FRONTEND
    for part in (address_bar, command_palette, cortex_view, roi_chart, stimulus_gallery, svg_chart)
]


def _frontend(folder, **files):
    folder.mkdir(exist_ok=True)
    (folder / "style.css").write_text("p { color: red; }")
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return Frontend("tiny", folder)


@pytest.mark.parametrize("own", OWN, ids=lambda own: own.name)
def test_every_module_of_ours_is_in_its_bundle(own):
    modules = [p.relative_to(own.folder).as_posix() for p in own.folder.rglob("*.js")]
    assert [m for m in modules if f"\n// {m}\n" not in own.bundle] == []
    lines = own.bundle.splitlines()
    assert not [line for line in lines if line.startswith("import ") or "\0" in line]


def test_the_same_files_give_the_same_address_in_every_process():
    code = "from cortiscope import cortex_view; print(cortex_view.FRONTEND.address)"
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert told == {cortex_view.FRONTEND.address}


def test_other_content_has_another_address(tmp_path):
    before = _frontend(tmp_path / "a", index="export const a = 1;\n").address
    after = _frontend(tmp_path / "a", index="export const a = 2;\n").address
    assert before != after
    assert before.startswith("component-bundles/tiny.")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('import thing from "./b.js";', "import thing from"),
        ('import * as b from "./b.js";', "import * as b"),
        ('import { b } from "three";', 'from "three"'),
        ('const b = await import("./b.js");', "await import("),
        ("export let b = 1;", "export let b"),
        ("export const { b, c } = window;", "export const { b, c }"),
        ('export * from "./b.js";', "export * from"),
        ("await fetch('x');", "await fetch"),
        ('import { other } from "./style.css";', "other"),
    ],
)
def test_what_cannot_be_bundled_is_refused_by_module_and_line(tmp_path, line, named):
    frontend = _frontend(tmp_path / "f", index=f"// a module\n{line}\n", b="export const b = 1;\n")
    with pytest.raises(BundleError, match="Allowed") as told:
        _ = frontend.bundle
    assert "index.js" in str(told.value)
    assert named in str(told.value)


def test_circles_absent_modules_and_ways_out_are_refused(tmp_path):
    circle = _frontend(
        tmp_path / "c", index='import { b } from "./b.js";\n', b='import { a } from "./index.js";\n'
    )
    with pytest.raises(BundleError, match="circle: .*b.js"):
        _ = circle.bundle
    with pytest.raises(BundleError, match="none.js is imported"):
        _ = _frontend(tmp_path / "n", index='import { b } from "./none.js";\n').bundle
    with pytest.raises(BundleError, match="out of the frontend"):
        _ = _frontend(tmp_path / "o", index='import { b } from "../b.js";\n').bundle


@pytest.fixture
def client(tmp_path):
    frontend = _frontend(tmp_path / "s", index="export default () => 1;\n")
    with TestClient(Starlette(routes=[frontend_route([frontend])])) as client:
        yield client, frontend


def test_a_bundle_is_kept_for_ever_and_travels_compressed(client):
    client, frontend = client
    answer = client.get(f"/{frontend.address}", headers={"Accept-Encoding": "gzip"})
    assert answer.text == frontend.bundle
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]
    plain = client.get(f"/{frontend.address}", headers={"Accept-Encoding": "identity"})
    assert plain.text == frontend.bundle
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize("file", ["tiny.0.js", "index.js", "%2e%2e%2fstyle.css"])
def test_no_other_file_is_served_and_no_absence_is_kept(client, file):
    answer = client[0].get(f"/component-bundles/{file}")
    assert answer.status_code == 404
    if "%" not in file:
        assert answer.headers["cache-control"] == "no-store"


def test_no_list_of_a_component_s_data_is_looked_at_as_a_table():
    from streamlit.dataframe_util import is_dataframe_like

    given = {"series": [["measured", 1]], "notes": {"0": "few"}, "csv": None, "n": [1, None]}
    made = plain(given)
    assert json.dumps(made) == json.dumps(given)
    with patch("streamlit.dataframe_util.determine_data_format") as asked:
        assert not any(is_dataframe_like(v) for k, v in made.items() if k != "notes")
    asked.assert_not_called()
