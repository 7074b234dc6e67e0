"""The WhatsApp Business Cloud API: templates and texts out, status and answers back by signed webhook."""
