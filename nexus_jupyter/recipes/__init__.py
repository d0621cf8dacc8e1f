"""The built-in apps that need no model."""
