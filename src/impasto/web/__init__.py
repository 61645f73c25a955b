"""The studio in the browser and the HTTP API, over a queue of paintings."""
