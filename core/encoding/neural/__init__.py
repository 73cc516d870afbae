"""Heads: small networks from a design to responses, trained by gradient (Chimisso et al. 2023).

A head is a trunk (what happens to an image's design) and a readout (what a vertex makes of it).
Both are written twice, as torch functions for training and as numpy functions for predicting, in
one file each, and are held together by tests. Chimisso et al. (arXiv 2309.09983) name their
experiments but publish neither sizes nor learning rates: every default here is ours.
"""
