"""The benchmark: `make bench`, or `python -m bench`. Every number comes from processes of its own.

__main__.py   the options, and what is run how often
rows.py       the lines of the table: what is promised, and how a number follows from the runs
table.py      the table, on a terminal or in Markdown
machine.py    where it was measured
fresh.py      a measurement in a fresh process, pinned to a core; several of them, interleaved
child.py      the other end of that process
ours.py       our tasks, generated and written, timed by stage; the floor; a shard; task[i]; the tool
tokens.py     token ids and masks, against tiktoken
reference.py  what we compare with: nanochat's tasks, or reasoning-gym's
rowbyrow.py   what we compare with where no nanochat is: our own rows, written one by one
schema.py     the reference's columns, from our codes
tape.py       the tool's answers, recorded, so that its time can be left out
writer.py     the options that shards are written with
prepare.py    what must be there before the first timer starts
commands.py   whole commands as a person runs them: wall time and peak memory
"""
