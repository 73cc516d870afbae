"""Install the folder ``dashboard`` as ``cortiscope`` and ``core`` as ``cortiscope.core``."""

from pathlib import Path

from setuptools import find_packages, setup

pinned = Path("requirements.txt").read_text(encoding="utf-8").splitlines()

setup(
    packages=[
        "cortiscope",
        *(f"cortiscope.{name}" for name in find_packages("dashboard")),
        "cortiscope.core",
        *(f"cortiscope.core.{name}" for name in find_packages("core")),
    ],
    install_requires=[line for line in pinned if not line.startswith("-")],
)
