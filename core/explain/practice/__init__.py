"""Predict first: questions about what is computed next, from easy to hard, with how one could have known."""
