"""Which networks there are, where they lie, and what each says of itself."""
