"""What the services promise each other: messages, operations, errors and events. No logic."""
