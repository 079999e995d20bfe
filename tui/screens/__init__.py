"""What is seen: the app, its screens, its panes and its command line."""
