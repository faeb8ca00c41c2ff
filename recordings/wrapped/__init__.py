"""Which columns hold keys under the key store, and what rotation does with them."""
