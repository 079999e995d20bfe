"""What was done, written down: the notebook's text, JSON, CSV, Markdown, and a Jupyter notebook."""
