"""What runs inside the sandbox before the app: standard library only, until the kernel itself is imported."""
