"""One person's runs: what is recorded, where one stands in it, and what the engine is asked for."""
