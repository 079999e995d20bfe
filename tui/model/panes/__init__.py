"""The panes of a model's screen: each a function of where a person is in the model."""
