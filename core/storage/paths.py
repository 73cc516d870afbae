"""Where the project keeps its own files, and where the user keeps data. Creates nothing.

``CORTISCOPE_HOME`` names the folder for caches, runs and the demo (default: the platform's user
cache folder); ``CORTISCOPE_DATA`` names data folders, several separated as ``PATH`` is. Nothing
is ever written into a data folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class Home:
    """The folder that holds everything the project writes."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """Read ``CORTISCOPE_HOME``, else take the platform's user cache folder."""
        named = os.environ.get("CORTISCOPE_HOME")
        root = (
            Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("cortiscope"))
        )
        return cls(root.absolute())

    @property
    def demo(self) -> Path:
        """Simulated subjects, one folder per recipe fingerprint."""
        return self.root / "demo"

    @property
    def features(self) -> Path:
        """Extracted features, keyed by configuration and images."""
        return self.root / "features"

    @property
    def runs(self) -> Path:
        """Fitted encoding models."""
        return self.root / "runs"

    @property
    def surfaces(self) -> Path:
        """Surface geometry, converted once from nilearn's files."""
        return self.root / "surfaces"

    @property
    def converted(self) -> Path:
        """Responses from files that cannot be memory-mapped, converted once."""
        return self.root / "converted"

    @property
    def content(self) -> Path:
        """Digests of files that were hashed once."""
        return self.root / "content"

    @property
    def networks(self) -> Path:
        """Facts of networks that are named as their library names them."""
        return self.root / "networks"

    @property
    def finetuned(self) -> Path:
        """Weights of networks that were finetuned, by their content."""
        return self.root / "finetuned"

    @property
    def backbones(self) -> Path:
        """Networks of one's own that were registered, one folder each."""
        return self.root / "backbones"


def data_folders() -> tuple[Path, ...]:
    """Return the folders named by ``CORTISCOPE_DATA``, in order, whether they exist or not."""
    named = os.environ.get("CORTISCOPE_DATA", "")
    return tuple(Path(p).expanduser().absolute() for p in named.split(os.pathsep) if p)
