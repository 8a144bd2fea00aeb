"""Turns of conversations, read from what records hold: OpenAI's keys, ShareGPT's, and Anthropic's blocks."""
