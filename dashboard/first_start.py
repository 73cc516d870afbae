"""What a newcomer sees while the simulated subjects are being made.

A module of its own beside ``main``, since it takes the place of every page.
"""

from __future__ import annotations

import streamlit as st

from cortiscope import services
from cortiscope.core.pipeline.demo import demo_is_ready
from cortiscope.core.pipeline.jobs import Job
from cortiscope.errors import show_words
from cortiscope.markup import as_text
from cortiscope.work.jobs import end_words, latest, progress_words, queue

JOB = "demo"


def start() -> Job:
    """Start making what is missing of the demo, or return the job that does.

    For whoever comes first: nobody needs to be allowed what the app cannot do without.
    """
    return queue().submit(JOB, "simulated subjects", ["demo"])


def render() -> None:
    """Start the work and show how far it is."""
    left, middle, right = st.columns([1, 2, 1])
    with middle:
        st.html('<div class="cs-alone" style="height:14vh"></div>')
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
    job = latest(JOB) or start()
    if not job.active:
        show_words(*end_words(job))
        if st.button("Try again"):
            start()
            st.rerun()
        return
    st.progress(job.share, text=as_text(progress_words(job)))
