"""Secrets and personal data are taken out of a pull request here, before a model or an annotator sees it."""
