"""Encoding models of visual cortex: data, features, regressors, scores. Never imports Streamlit.

Importing this package does nothing else: no folder is made, no device is probed, no heavy
library is loaded. Layers, lowest first (a package imports only packages above it in this
list; ``tests/test_layering.py`` holds the code to it)::

    errors, progress      words for what went wrong, and how long work reports itself
    config                frozen values with a fingerprint: the cache key everywhere
    storage               where files live, what is in them; atomic writes
    brain                 hemispheres, spaces, ROIs, surfaces
    stimuli               images as files, decoding them safely
    datasets              folders -> Subject
    backbones             image networks as feature sources (the home of torch)
    features              pooled layer responses, extracted once and cached
    encoding              reduction (scaling, PCA) and regressors
    evaluation            scores, ceilings, intervals
    runs                  fitted encoding models on disk
    figures               still figures of the cortex (the home of matplotlib)
    simulation            the simulated subjects, written as an Algonauts-2023 folder
    pipeline              the only composer: fit, predict
    notebook              what ``import cortiscope`` offers
    cli                   ``cortiscope``
"""
