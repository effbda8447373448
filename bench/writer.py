"""How files are written: ours as shards are, the reference's as one would write its rows."""

from generators.shards import OPTIONS

PLAIN = {"compression": "zstd"}

__all__ = ["OPTIONS", "PLAIN"]
