"""One module per REST resource, each thin: authenticated, authorized, one service call, reply."""
