"""What it takes to be let in: passwords, and patience with those who guess them."""
