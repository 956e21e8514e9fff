"""The app people talk to: engines, tasks, the conversation store, the API and the page."""
