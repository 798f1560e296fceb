"""Servers that speak the protocol of the model API, for the tests; README.md tells what they can do."""
