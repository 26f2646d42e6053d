"""What a server does where Tallyfy's pages leave it open."""
