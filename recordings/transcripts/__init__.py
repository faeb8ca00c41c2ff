"""The typed transcript of a record: asked for, authorised, typed, approved, certified."""
