"""Answers the turns that the student is sure of, each by the action that its intent names."""
