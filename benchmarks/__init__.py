"""What the README's figures come from. Each runs alone and prints one JSON object as its last line."""
