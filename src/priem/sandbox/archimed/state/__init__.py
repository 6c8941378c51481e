"""The clinic's database and the rules of its program."""
