"""docs/add-a-metric.md does what it promises: list, menu, table, files, command line."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from cortiscope.core import notebook as cs
from cortiscope.core.cli.main import main
from cortiscope.core.evaluation import METRICS, Scored, vertex_metrics
from cortiscope.pages.accuracy.page import rois_csv
from tests.data.tiny_world import write_subject

PAGE = Path(__file__).parents[3] / "docs" / "add-a-metric.md"


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
    subject = cs.open_subject(write_subject(tmp_path / "data" / "s1", n_test=14))
    yield cs.fit(subject, "pixels", "pixels", pooling="grid:4", reduction="pca:6")
    METRICS.pop("spearman", None)


def test_the_page_s_metric_is_everywhere(model, capsys, tmp_path):
    said = {"model": model}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(code, said)
    subject = cs.open_subject(tmp_path / "data" / "s1")
    predicted = model.predict_rows("test", slice(None))
    measured = subject.test.response_rows(slice(None))
    rho = np.full(12, np.nan)
    for k in range(12):
        if measured[:, k].std() > 0:
            rho[k] = stats.spearmanr(predicted[:, k], measured[:, k])[0]
    np.testing.assert_allclose(cs.vertex_values(model, "spearman"), rho, atol=1e-9)
    table = model.report.table().set_index(["roi", "hemisphere"])
    whole = table.loc[("all vertices", "both"), "mean_spearman"]
    assert whole == pytest.approx(np.nanmean(rho))
    assert vertex_metrics(model.report)[-1].title == "Spearman’s ρ"  # the menus' list
    scored = Scored.of_model(model, subject)
    lines = rois_csv(subject, scored, "about").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    assert float([r["mean_spearman"] for r in rows][-1]) == pytest.approx(whole)
    assert main(["list", "metrics", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])["items"]
    assert listed[-1]["source"] == "Spearman 1904, Am. J. Psychol. 15:72"
    asked = ["evaluate", "--run", model.id, "--what", "spearman", "--data", str(subject.folder)]
    assert main([*asked, "--json", "--progress", "none"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["results"]["spearman"]
    assert found["all"]["value"] == pytest.approx(whole)
