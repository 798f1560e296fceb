use std::fmt;
use std::io;

/// What can be wrong with a compressed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The stream does not begin with the magic bytes.
    NotSprocket,
    /// The stream ends where more is needed.
    Truncated,
    /// Something in the stream makes no sense.
    Corrupt(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotSprocket => write!(f, "not a sprocket stream"),
            Error::Truncated => write!(f, "the stream is truncated"),
            Error::Corrupt(what) => write!(f, "the stream is corrupt: {what}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Truncated => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}
