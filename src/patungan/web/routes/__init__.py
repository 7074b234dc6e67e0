"""The storefront's pages, one file a group of pages."""
