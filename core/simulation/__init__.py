"""The simulated subjects: cortex, stimuli and responses made by code, for demo, tests and teaching.

Nothing here was measured. What each vertex answers to is written down in :mod:`.areas`, so every
finding on these subjects is a property of that table and no evidence about brains.
"""
