"""Measures how fast Catchment is beside what a person would type instead; see ``README.md``."""
