"""What the Webex plugins share and no other platform has."""
