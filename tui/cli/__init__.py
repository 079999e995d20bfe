"""What `backprop-tui` can be told to do: a module per command, imported only when it is asked for."""
