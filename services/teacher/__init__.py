"""Answers and labels what the student was not sure of, by asking a large language model."""
