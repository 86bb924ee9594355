"""What tests share: real tools, found or refused."""
