"""What the layer heatmap says of choosing by the images that are reported."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from cortiscope import services
from cortiscope.charts.layer_heatmap import LayerColumn, layer_by_roi
from cortiscope.core.datasets import open_subject
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.runs import RunStore
from cortiscope.cortex_view import colour_table
from cortiscope.navigation import link_with
from cortiscope.pages.compare import layer_table
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


def drawn(svg):
    return ET.fromstring(f"<svg>{svg}</svg>")


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Open a subject with or without test responses, with two runs that could be layers."""

    def open_with(**kinds):
        subject = open_subject(write_subject(tmp_path / "s1", n_train=80, **kinds))
        specs = [pixels_spec(subject), pixels_spec(subject, seed=0, scope="hemisphere")]
        stores = {"features": FeatureStore(tmp_path / "f"), "runs": RunStore(tmp_path / "r")}
        runs = fit_all(subject, specs, **stores)
        monkeypatch.setattr(services, "run", lambda name: stores["runs"].open(name))
        monkeypatch.setattr(services, "subject", lambda name: subject)
        layer_table._flattery.clear()
        columns = [LayerColumn("a", r.id, r.id, "", np.zeros(3)) for r in runs]
        return subject, runs[0], columns

    return open_with


def test_a_block_is_named_by_its_letter_and_its_title_is_text():
    columns = [LayerColumn(b, "block1", b, b, np.array([0.2])) for b in "ab"]
    titles = {"a": "small <i>CNN</i>", "b": "Gabor"}
    chart = layer_by_roi(["V1"], columns, titles, lambda _, cell: cell, high=1.0)
    texts = ["".join(one.itertext()) for one in drawn(chart.svg).iter("text")]
    assert {"A small <i>CNN</i>", "B Gabor"} <= set(texts)


def test_a_cell_says_its_number_leads_to_its_layer_and_the_best_of_a_block_has_a_star():
    values = np.array([[0.1, 0.3, 0.2], [np.nan, -0.2, 0.4]])
    columns = [LayerColumn("a", f"conv{k}", f"run{k}", "", values[:, k]) for k in range(3)]

    def link(column, cell):
        return link_with(cell, run=column.key)

    chart = layer_by_roi(["V1v", "PPA"], columns, {"a": "net"}, link, high=0.5)
    cells = list(drawn(chart.svg).iter("a"))
    said = [cell.find("title").text.split("\n")[0] for cell in cells]
    assert said == [
        "V1v · conv0: mean r 0.100",
        "V1v · conv1: mean r 0.300",
        "V1v · conv2: mean r 0.200",
        "PPA · conv1: mean r −0.200",
        "PPA · conv2: mean r 0.400",
    ]
    assert [cell.get("href") for cell in cells] == [f"?run=run{k}" for k in (0, 1, 2, 1, 2)]
    assert [cell.find("text").text for cell in cells] == [".10", "★.30", ".20", "−.20", "★.40"]
    fills = [cell.find("rect").get("fill") for cell in cells]
    table = colour_table("sequential", "dark")
    assert fills[1].endswith(",#{:02x}{:02x}{:02x})".format(*table[round(0.6 * 255)][:3]))
    assert fills[3].endswith(",#{:02x}{:02x}{:02x})".format(*table[0][:3]))
    # Columns do not overlap, and stand from left to right.
    left = [float(cell.find("rect").get("x")[:-1]) for cell in cells[:3]]
    wide = float(cells[0].find("rect").get("width")[:-1])
    assert np.all(np.diff(left) >= wide - 0.02)
    assert "conv2 in PPA" in chart.words


def test_sixty_layers_keep_cells_that_can_be_hit_and_names_that_can_be_read():
    names = [f"features.{k // 10}.block.{k % 10}.conv" for k in range(60)]
    columns = [LayerColumn("a", n, n, "a" * (n == names[7]), np.array([0.1, 0.2])) for n in names]
    columns += [LayerColumn("b", "energy", "g", "b", np.array([0.3, 0.3]))]
    titles = {"a": "ResNet-152 · pretrained", "b": "Gabor energy · a long name"}
    chart = layer_by_roi(["V1v", "PPA"], columns, titles, lambda _, cell: cell, high=1.0)
    assert chart.least_width >= 14 * 61
    svg = drawn(chart.svg)
    texts = list(svg.iter("text"))
    turned = [t.text for t in texts if "rotate" in t.get("transform", "")]
    assert len(turned) == 61
    assert max(map(len, turned)) <= 16
    assert len(set(turned)) == 61
    # Each cell says its layer's whole name, and ROIs stay where they are.
    assert {t.text.split(" · ")[1].split(":")[0] for t in svg.iter("title")} >= set(names)
    beside = [t.text for t in drawn(chart.beside).iter("text")]
    assert beside == ["V1v", "PPA"]
    # The last block's title would leave the drawing on the right.
    assert [t.get("text-anchor") for t in texts if t.find("tspan") is not None] == ["start", "end"]
    assert len([r for r in svg.iter("rect") if r.get("class") == "frame"]) == 2


def test_with_test_responses_choosing_a_layer_leaves_the_report_untouched(opened):
    assert "untouched" in layer_table._look_words(*opened())


def test_without_them_the_size_of_the_flattery_is_said(opened):
    words = layer_table._look_words(*opened(test_responses=False))
    assert "untouched" not in words
    assert "looks better there than it is" in words
    assert "five-fold cross-validation of choosing among A’s 2" in words
