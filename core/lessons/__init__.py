"""The lessons around back-propagation: the data, derivatives on a tape, descent, and the training loop.

Each is a small session with the same manner as `core.session.Session`: actions move it and never wait, `request` says
what the engine must be asked before it can be shown, `accept` takes the answer.
"""
