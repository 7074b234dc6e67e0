"""The storefront: pages for a browser, made from the services' public APIs and nothing else."""
