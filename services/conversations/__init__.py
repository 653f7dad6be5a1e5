"""Keeps each conversation's history, decides when the bot may speak, and opens turn by turn."""
