"""The workshop itself: who is in it, and the screen of who holds it."""
