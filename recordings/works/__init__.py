"""Works made of a record: films, clips and files of each voice. Derived, and said to be."""
