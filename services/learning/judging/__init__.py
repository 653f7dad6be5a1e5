"""What a student is worth: on labelled rows, and message by message on a shop's stream."""
