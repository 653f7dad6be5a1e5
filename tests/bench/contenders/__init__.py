"""The same two-hop pipeline, built four ways; each is run in a process of its own."""
