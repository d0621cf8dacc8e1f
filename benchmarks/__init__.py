"""The product's figures: one a file, each with its baseline from the same run."""
