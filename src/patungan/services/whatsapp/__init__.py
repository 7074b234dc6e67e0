"""WhatsApp messages to factories and buyers."""
