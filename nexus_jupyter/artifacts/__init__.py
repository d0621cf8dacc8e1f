"""The app notebook: its metadata, its file, its history."""
