"""Studying a record: how loud everybody was, and a judge's own notes."""
