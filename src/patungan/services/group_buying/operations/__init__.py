"""The use cases of group buying, one file each."""
