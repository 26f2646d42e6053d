"""What a server does where NextStep's pages leave it open."""
