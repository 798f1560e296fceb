"""What people get and what they own; its code makes the dataset (making) and speaks to the Hub (hub)."""
