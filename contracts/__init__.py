"""Pure data that every part shares: events, their envelope, the topology, the model manifest."""
