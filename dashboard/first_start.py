"""What a newcomer sees while the simulated subjects are being made.

A module of its own beside ``main``, since it takes the place of every page.
"""

from __future__ import annotations

import streamlit as st

from cortiscope import services
from cortiscope.core.pipeline.demo import demo_is_ready
from cortiscope.errors import show_words
from cortiscope.markup import as_text
from cortiscope.work.jobs import Job, registry

JOB = "demo"


def start() -> Job:
    """Start making what is missing of the demo, or return the job that does."""
    return registry().start(JOB, "simulated subjects", ["demo"])


def render() -> None:
    """Start the work and show how far it is."""
    left, middle, right = st.columns([1, 2, 1])
    with middle:
        st.html('<div style="height:14vh"></div>')
        st.subheader("Making the simulated subjects")
        st.write(
            "Cortiscope opens on two simulated subjects: procedural pictures, a cortex that "
            "responds to them by known rules, and encoding models fitted to those responses. "
            "They are made on this machine, once; nothing is downloaded."
        )
        _progress()


@st.fragment(run_every=0.4)
def _progress() -> None:
    if demo_is_ready(services.home()):
        services.known_folders.clear()
        st.rerun()
    job = start()
    if job.error:
        message, hint = job.error
        show_words(message, hint)
        if st.button("Try again"):
            registry().forget(JOB)
            st.rerun()
        return
    left = job.seconds_left
    remaining = f", about {left:.0f} s left" if left is not None else ""
    st.progress(min(job.progress, 1.0), text=as_text(f"{job.message}{remaining}"))
