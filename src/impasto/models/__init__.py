"""The networks that ship, and the specification in each model file."""
