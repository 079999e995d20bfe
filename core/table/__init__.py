"""What a table is: which file and columns, its header, the rows of a batch, its units."""
