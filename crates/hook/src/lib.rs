//! The way of a payload: stdin, agents, redact, inbox.
