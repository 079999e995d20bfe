"""The main screen: one step of back-propagation."""
