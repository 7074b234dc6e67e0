"""Files: where they are kept, pictures by their content, and addresses that open them for a while."""
