"""What the model sees: split patterns and token boundaries."""
