"""The workshop server: one engine, many light screens, each reached over SSH."""
