"""Zoom Meetings for Catchment: archive files and cloud recordings.

"The sheet" in docstrings is the fact sheet of the platform; its section numbers stand where a
peculiarity of Zoom is met.
"""
