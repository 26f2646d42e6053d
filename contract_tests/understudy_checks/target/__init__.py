"""What is checked, how it is reached, and what is known of it."""
