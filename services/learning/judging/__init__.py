"""What a student is worth: on labelled rows, and week by week on a shop's stream."""
