"""The panel: the HTTP API through which people and programs ask, train, answer and look.

What is asked of a subject is served in ``<subject>_routes.py``. What is done about it stands in a
module of its own; models and intents are also changed by commands, so these know nothing of HTTP.
"""
