"""The class question: what is asked of everybody in a workshop, how they answered, and what is written of it."""
