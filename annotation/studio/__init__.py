"""The only door to Label Studio's API (label-studio-sdk): tasks out, reviews in."""
