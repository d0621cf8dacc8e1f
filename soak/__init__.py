"""The long proofs in full: tests of the suite with larger counts."""
