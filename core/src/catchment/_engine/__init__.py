"""What happens: listing, capture, verification, consolidation, sealing, recovery.

``runner`` claims jobs and hands each to its step; ``endings`` decides what an error means; the
other modules are the steps, one each, and what they share.
"""
