"""From a prompt to a working app: plan, build, run, check."""
