"""What every service stands on: settings, logs, errors, SQL, calls, events, workflows, HTTP. It knows no service."""
