"""What is laid over the main screen."""
