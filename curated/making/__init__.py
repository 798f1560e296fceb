"""The dataset made of the pool: tables, card, Croissant, manifest. Everything is a pure function of what the stages wrote."""
