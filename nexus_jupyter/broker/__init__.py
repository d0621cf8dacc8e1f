"""The process that makes every model call, and how others reach it."""
