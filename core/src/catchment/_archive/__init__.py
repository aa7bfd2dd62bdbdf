"""What we keep: media by hash, sealed manifests, and the books beside them.

Everything here is readable without this program: media are plain files named by their SHA-256,
manifests are vCon documents in JSON, books are JSON lines.  Nothing here knows the catalogue; the
engine joins the two.
"""
