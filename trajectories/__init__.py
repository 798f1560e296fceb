"""Recorded work on a query: the archive, importers, the collector, checks, the export for training, and a viewer."""
