"""Decode and encode pictures; colour, resizing, masks."""
