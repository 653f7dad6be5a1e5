"""The panel: the HTTP API through which people and programs ask, train, answer and look."""
