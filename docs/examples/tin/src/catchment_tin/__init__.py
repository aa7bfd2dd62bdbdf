"""Tin, a small call recorder in the cloud that exists in the documentation only."""
