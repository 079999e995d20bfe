"""What is seen: the app, its screens, its panes and its command line."""

import os

# Nothing here multiplies large matrices: numpy's threads, one a core, would cost 0.1 s at every start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Frames are painted on a beat, and only where something changed: a faster one lets a key wait 4 ms at most, not 16.
os.environ.setdefault("TEXTUAL_FPS", "240")
