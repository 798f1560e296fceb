package mossbank.heron;

/** One message and its place in the log of its queue. */
public record Message(long offset, long storedAt, byte[] body) {}
