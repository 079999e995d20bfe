"""The chapter of the textbook: a network, its numbers, its phases, its update. numpy only."""
