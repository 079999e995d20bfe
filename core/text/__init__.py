"""How text is written: numbers, what a terminal must not get, files."""
