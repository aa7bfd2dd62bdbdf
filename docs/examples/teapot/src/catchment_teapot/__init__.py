"""Teapot for Catchment: the platform of the tutorial, which exists in the documentation only."""
