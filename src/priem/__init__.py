"""Keeps a clinic's medical information system and its amoCRM in step."""
