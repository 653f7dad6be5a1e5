"""Takes replies to a provider's door and tells what became of them; here: the simulated phone."""
