"""A room that is in session: its state, its pages' sockets, its media plane (docs/media.md)."""

from signaling import compiled

compiled.use(__path__)
