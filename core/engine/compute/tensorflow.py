"""TensorFlow, tamed: imported in the environment that it needs, and as fast as it can be."""

import os

from .loading import without_collection

# No GPU probe, no lines on the terminal, and no Keras, which is not used here.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

# XLA makes one piece of a loop that touches no more bytes than this: below its own 1 kB lies 2-2-1 alone, and a step
# of anything larger takes ten times longer. Loops are not unrolled: a jump would round otherwise than single steps.
LOOPS = "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=16384,xla_cpu_disable_loop_unrolling=true"
if "xla_backend_extra_options" not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {LOOPS}".strip()

with without_collection():
    import tensorflow as tf

# Nobody rewrites the arithmetic of a graph: the rewriter changes roundings, and its result for RMSProp without XLA is
# empty (TensorFlow 2.21).
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


__all__ = ["tf"]
