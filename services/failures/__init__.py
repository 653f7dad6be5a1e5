"""Moves buried messages into a table, where people can look at them, mend and retry them."""
