"""The only door to Label Studio: interface, tasks out, reviews in, agreement."""
