"""What lets a person in: SSH, the web, the page."""
