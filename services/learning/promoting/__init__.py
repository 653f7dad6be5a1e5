"""Whether a new student may replace the one in force: compared on rows neither learned from."""
