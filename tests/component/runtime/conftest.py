"""Runs the tests of the frame on both brokers."""

from tests.conformance.conftest import address, broker, broker_factory

__all__ = ["address", "broker", "broker_factory"]
