"""The help tab: the ideas of the app, each with a picture of it."""
