"""The lessons: screens of their own beside the main one."""
