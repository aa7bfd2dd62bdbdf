"""What ffmpeg does, and what is read from media and texts.

``tool`` finds and runs ffmpeg, ``walk`` reads a file to its last packet, ``split`` makes audio and
voiceless video of a recording, ``signature`` refuses what cannot be the promised form, ``texts``
reads the words of chats, captions and transcripts.  Importing this package imports none of them.
"""
