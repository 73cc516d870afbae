"""What axe-core finds wrong with a page."""

from __future__ import annotations

from pathlib import Path

import pytest

# Streamlit's own: a code block that scrolls cannot be reached by the Tab key.
_OF_STREAMLIT = "scrollable-region-focusable"


def serious_violations(page, root: dict | None = None) -> list:
    """Return impact, rule and elements of what axe-core calls serious or critical.

    Parameters
    ----------
    root : where to look, as axe-core's context; the whole page without.
    """
    axe = pytest.importorskip("axe_playwright_python")
    script = Path(axe.__file__).with_name("axe.min.js").read_text()
    page.evaluate(f"window.axe || (() => {{ {script} }})()")
    found = page.evaluate(
        """root => axe.run(root ?? document, { resultTypes: ['violations'] })
                   .then(({ violations }) => violations.map(v =>
                       [v.impact, v.id, v.nodes.map(n => n.html.slice(0, 120))]))""",
        root,
    )
    return [v for v in found if v[0] in ("serious", "critical") and v[1] != _OF_STREAMLIT]
