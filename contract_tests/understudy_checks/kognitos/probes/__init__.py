"""What a server does where Kognitos's pages leave it open."""
