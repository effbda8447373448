"""What the roles of a conversation are called in data that others wrote."""

# What is none of these, a conversation of ours can't hold: tools, say.
ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "assistant": "assistant",
    "gpt": "assistant", "chatgpt": "assistant", "model": "assistant", "bot": "assistant",
}  # fmt: skip
