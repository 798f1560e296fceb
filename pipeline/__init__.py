"""The library: what decides. Records, parameters, ledger, filters, tokens, sampling, synthesis, pool."""
