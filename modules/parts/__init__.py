"""What several modules are built of: servers, routes, doors, managed keys, policies."""
