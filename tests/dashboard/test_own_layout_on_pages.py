"""The Data page names a layout that was registered, and shows how its folders look."""

from __future__ import annotations

from cortiscope import services
from tests.data.lab_folder import lab_layout, write_lab_folder


def test_the_data_page_opens_and_explains_it(tiny_app, tmp_path, monkeypatch):
    write_lab_folder(tmp_path / "lab" / "anna")
    monkeypatch.setenv("CORTISCOPE_DATA", str(tmp_path / "lab"))
    # The process that tries to open it first does not know what is registered here.
    monkeypatch.setattr("cortiscope.services.try_subject", lambda _: None)
    with lab_layout():
        services.look_again()
        app = tiny_app.open("data", subject="anna")
        drawn = " ".join(element.proto.body for element in app.get("html"))
        assert "folder of the lab&#x27;s MATLAB files" in drawn
        assert "24 training and 6 test images" in drawn
        assert "MATLAB" in [tab.label for tab in app.tabs]
        assert "This layout has no place for either" in drawn
