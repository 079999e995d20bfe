"""Somebody's own Keras model: opened, traced into a graph of operations, stepped, its gradients checked.

A model is code. Nothing outside this machine's own user gets in here: no request of the engine's protocol leads to it.
"""
