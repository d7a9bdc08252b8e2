"""What a module can say, and what it says it with: data, checks, credentials, plain calls of the API."""
