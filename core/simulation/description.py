"""How the simulated subjects are made, in words for the page and for the sidecar."""

TITLE = "Simulated subject: made by a computer, not measured"

CAVEAT = (
    "The hierarchy in these data is built in by construction: it shows that the analysis recovers "
    "a known truth, and is no evidence about brains."
)

DESCRIPTION = f"""\
Nobody was scanned. Procedural scenes of 128 x 128 pixels, spanning 8.4 degrees of visual angle, \
are shown to simulated people with visual cortex on fsaverage5. V1, V2, V3 and hV4 come from a \
strip model on the registered sphere, calibrated to the Benson 2014 template; category-selective \
ROIs are discs along the cortical sheet at approximate published locations; the seven streams are \
cells around seeds. The second person's ROIs differ in place and size, and two are absent in one \
hemisphere.

Each vertex's reliable response mixes three parts. Local structure: log-Gabor amplitudes at four \
spatial frequencies and eight orientations, divided by their neighbourhood's, with contour \
complexity and colour contrast from V2 on, summed over the vertex's Gaussian population receptive \
field and compressed; the left half of the picture drives the right hemisphere, its upper half \
ventral V1. Meaning: a nonlinear mixture of which kinds of object are visible, how large, how far \
from fixation, and of the kind of place; its share rises from none in V1 to about nine tenths in \
FFA, PPA and VWFA. And a part that repeats with the stimulus but is in no pixel, so that no model \
can explain all that is reliable. The filters, the normalisation and the mixtures are those of no \
backbone on offer.

Test images are shown three times, training images one to three times, in ten sessions whose gain \
and offset drift. Noise is a vertex's own, its neighbourhood's and the whole brain's. Responses \
are z-scored per vertex and session and averaged over repeats; signal-to-noise ratio (ncsnr) and \
noise ceilings are estimated from the repeats as in the Natural Scenes Dataset. The noise-free \
truth is kept beside them.

{CAVEAT}
"""
