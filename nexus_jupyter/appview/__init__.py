"""The app view's documents and its headless check; the client itself is in `labextension/src/appview`."""
