"""The folder trees on the page are those that the loaders recognise."""

import pytest

from cortiscope.core.datasets import find_subjects
from cortiscope.pages.data.layout_guide import guides


def _build(tree, root):
    """Make a guide's tree, empty files and all, and return its folder to name."""
    stack = [root]
    for line in tree.splitlines():
        entry = line.split("  ")
        depth = next(k for k, word in enumerate(entry) if word)
        path = stack[depth] / entry[depth].strip()
        if entry[depth].strip().endswith("/"):
            path.mkdir(parents=True)
            del stack[depth + 1 :]
            stack.append(path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return next(iter(root.iterdir()))


@pytest.mark.parametrize(
    ("title", "subject"),
    [("Algonauts", "subj01"), ("img2brain", "img2brain"), ("Plain arrays", "anna")],
)
def test_a_tree_as_shown_is_recognised(tmp_path, title, subject):
    (guide,) = [g for g in guides() if g.title.startswith(title)]
    assert [ref.id for ref in find_subjects(_build(guide.tree, tmp_path))] == [subject]


def test_every_line_fits_into_the_page():
    assert max(len(line) for g in guides() for line in g.tree.splitlines()) <= 100
