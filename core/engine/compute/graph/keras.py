"""Keras 3 upon the TensorFlow of this program, in the environment that somebody's own model needs."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
# The engine does without Keras; a model's own code may say tf.keras, and means this one.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

from ..loading import without_collection
from ..tensorflow import tf

with without_collection():
    import keras

__all__ = ["keras", "tf"]
