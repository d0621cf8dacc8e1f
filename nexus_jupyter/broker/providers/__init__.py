"""Those who make model calls; litellm is imported here and nowhere else."""
