"""Private helpers shared by several subpackages, one subject a file."""
