"""Parts of pages that several pages share; what one page alone needs lies in its own folder.

A **panel** draws. It is a function ``show_...`` that is given values (a subject, a run, arrays),
draws in place and returns nothing; one that asks for something is called ``pick_...`` or
``choose_...`` and returns what was chosen, a button ``..._button``. It reads no arrays from disk
itself: ``services`` does, behind Streamlit's cache.

A **chart** (``charts/``) is a function from arrays and a theme to a figure. It knows nothing of
Streamlit, so that it is drawn elsewhere too, and tested by its numbers. ``look.show_chart`` draws
it.

HTML is made by templates (``markup.show_title``, ``show_note``, ``show_html``), which escape what
is put into them.
"""
