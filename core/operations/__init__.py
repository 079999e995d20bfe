"""A step of any model as TensorFlow's own operations: what each takes, makes, and by which rule. numpy only."""
