"""Papers that people upload: looked at, scanned, kept encrypted. For this room and the notary."""
