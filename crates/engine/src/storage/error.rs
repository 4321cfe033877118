//! What storage can answer instead of success.

/// A read or a maintenance call failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// It may work when tried again (connection lost, pool empty, database starting).
    #[error("the database is not reachable at the moment: {0}")]
    Transient(String),
    /// It will not work when tried again; a row does not say what it should.
    #[error("the database answered what it must not: {0}")]
    Fatal(String),
}

/// A commit failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Nothing was written: some row of the batch clashes with what is there.
    #[error("a row of the batch is taken: {0}")]
    Conflict(String),
    /// Nothing was written: another server owns the shards now. The runtime must stop at once.
    #[error("this server no longer owns its shards")]
    Fenced,
    /// Nothing was written; it may work when tried again.
    #[error("the database is not reachable at the moment: {0}")]
    Transient(String),
    /// It may have been written. The runtime reads the journal before it goes on.
    #[error("the outcome of the commit is unknown: {0}")]
    Unknown(String),
    /// Nothing was written, and will not be when tried again: the database or its connection is not as it must be.
    #[error("the database refused the batch: {0}")]
    Fatal(String),
    /// Nothing was written, and never will be: what is to be stored is nothing that the database takes (a constraint, a size, a byte
    /// sequence). Of a batch with several units, one of them is the cause.
    #[error("the database cannot store this: {0}")]
    Refused(String),
}
