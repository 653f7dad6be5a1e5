"""What a student may answer alone: drawn turns, their labels, and what they prove."""
