"""Minutes of a sitting: drafted from the record, approved, signed by clerk and presiding judge."""
