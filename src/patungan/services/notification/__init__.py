"""In-app, push, e-mail and SMS notifications."""
