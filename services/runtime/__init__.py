"""The frame every service stands in: brokers, the one road, retries, settings, logs, health."""
