"""How conversations are made: draws, columns, the book, lexicons, prompts, styles, shards."""

__version__ = "0.1.0"
