"""What the student would do with the messages that a shop already has: `aprendiz estimate`."""
