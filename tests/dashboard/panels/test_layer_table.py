"""What the layer heatmap says of choosing by the images that are reported."""

import numpy as np
import pytest

from cortiscope import services
from cortiscope.charts.layer_heatmap import LayerColumn, layer_by_roi
from cortiscope.core.datasets import open_subject
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.runs import RunStore
from cortiscope.pages.compare import layer_table
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


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
    figure = layer_by_roi(
        ["V1"], columns, {"a": "small <i>CNN</i>", "b": "Gabor"}, high=1.0, theme="light"
    )
    texts = [mark["text"] for mark in figure["layout"]["annotations"]]
    assert texts[:2] == ["<b>A</b> small &lt;i&gt;CNN&lt;/i&gt;", "<b>B</b> Gabor"]


def test_with_test_responses_choosing_a_layer_leaves_the_report_untouched(opened):
    assert "untouched" in layer_table._look_words(*opened())


def test_without_them_the_size_of_the_flattery_is_said(opened):
    words = layer_table._look_words(*opened(test_responses=False))
    assert "untouched" not in words
    assert "looks better there than it is" in words
    assert "five-fold cross-validation of choosing among A’s 2" in words
