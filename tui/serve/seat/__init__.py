"""What runs in the process of one attendee, and what forks it."""
