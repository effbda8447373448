"""How conversations are made: draws, columns, the book, lexicons, prompts, styles, shards."""
