"""What happens in a step of back-propagation, without a screen and without a heavy import."""
