//! Typed ids with a printed prefix, from one list.
//!
//! An id is a UUIDv7 (RFC 9562) made by the shell and stored natively; people see `prefix_` and 26 characters of Crockford's base32
//! in lower case. The order of the printed form is the order of the numbers, so it is the order of creation.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

/// A printed id that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form {prefix}_ and 26 characters")]
pub struct ParseIdError {
    text: String,
    prefix: &'static str,
}

fn print(f: &mut fmt::Formatter<'_>, prefix: &str, value: u128) -> fmt::Result {
    let mut digits = [0u8; DIGITS];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        *digit = ALPHABET[((value >> (5 * place)) & 31) as usize];
    }
    f.write_str(prefix)?;
    f.write_str("_")?;
    // The alphabet is ASCII, so this cannot fail; a replacement character would show if it ever did.
    f.write_str(&String::from_utf8_lossy(&digits))
}

fn parse(text: &str, prefix: &'static str) -> Result<u128, ParseIdError> {
    let error = || ParseIdError { text: text.chars().take(64).collect(), prefix };
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or_else(error)?;
    // 26 digits hold 130 bits: the first may use only three of its five.
    if digits.len() != DIGITS || digits.as_bytes()[0] > b'7' {
        return Err(error());
    }
    digits
        .bytes()
        .try_fold(0u128, |value, byte| {
            ALPHABET.iter().position(|&c| c == byte).map(|digit| (value << 5) | digit as u128)
        })
        .ok_or_else(error)
}

/// A UUIDv7 from a time in Unix milliseconds and 74 random bits (the rest of `random` is ignored).
pub const fn uuid_v7(unix_ms: u64, random: u128) -> u128 {
    ((unix_ms as u128 & 0xffff_ffff_ffff) << 80)
        | (7 << 76)
        | (((random >> 62) & 0xfff) << 64)
        | (0b10 << 62)
        | (random & 0x3fff_ffff_ffff_ffff)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// What stands before the underscore in print.
            pub const PREFIX: &'static str = $prefix;
            /// The id with this number.
            pub const fn from_u128(value: u128) -> Self { Self(value) }
            /// The number, as it is stored.
            pub const fn as_u128(self) -> u128 { self.0 }
            /// The stored form, big-endian.
            pub const fn to_bytes(self) -> [u8; 16] { self.0.to_be_bytes() }
            /// Reads the stored form.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self { Self(u128::from_be_bytes(bytes)) }
            /// When the id was made, in Unix milliseconds.
            pub const fn unix_ms(self) -> u64 { (self.0 >> 80) as u64 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { print(f, $prefix, self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> { parse(text, $prefix).map(Self) }
        }
        // In JSON an id is its printed form; in compact binary formats its 16 bytes.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() { serializer.collect_str(self) } else { self.to_bytes().serialize(serializer) }
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(Self::from_bytes)
                }
            }
        }
    )*
        #[cfg(test)]
        const PREFIXES: &[&str] = &[$($prefix),*];
    };
}

ids! {
    /// A workspace: what isolates data.
    WorkspaceId = "ws";
    /// A workflow over all its versions.
    WorkflowId = "wf";
    /// One immutable version.
    VersionId = "wfv";
    /// One run.
    InstanceId = "wi";
    /// One execution of a node in a run.
    NodeInstanceId = "ni";
    /// Work offered to a worker.
    JobId = "job";
    /// Something that needs a person.
    IncidentId = "inc";
    /// One action on many instances.
    BatchId = "bat";
    /// A task for a person.
    HumanTaskId = "tsk";
    /// A person or a program that signs in.
    UserId = "usr";
    /// A role.
    RoleId = "rol";
    /// A sign-in.
    SessionId = "ses";
    /// An API key.
    KeyId = "key";
    /// One row of the audit log.
    AuditId = "aud";
    /// One request, for logs and problem documents.
    RequestId = "req";
    /// A running server process.
    ServerId = "srv";
    /// Something on its way to an instance.
    ParcelId = "prc";
    /// A message in the mailbox of a name.
    MessageId = "msg";
}

impl InstanceId {
    /// The id that belongs to the `n`-th execution of this instance.
    ///
    /// It is derived, not drawn, so that the pure kernel can name executions and replay names them alike. The time half is the
    /// instance's own (rows of one instance lie together in an index); the random half is moved by an odd stride, which is a
    /// bijection of the 62 bits: no two executions of an instance meet.
    pub const fn derive(self, n: u32) -> u128 {
        const LOW: u128 = 0x3fff_ffff_ffff_ffff;
        const STRIDE: u128 = 0x1e37_79b9_7f4a_7c15;
        let low = ((self.0 & LOW) + ((STRIDE * (n as u128 + 1)) & LOW)) & LOW;
        (self.0 & !LOW) | low
    }

    /// The node instance of the `n`-th execution.
    pub const fn node_instance(self, n: u32) -> NodeInstanceId {
        NodeInstanceId(self.derive(n))
    }

    /// The job of the `n`-th execution.
    pub const fn job(self, n: u32) -> JobId {
        JobId(self.derive(n))
    }

    /// The `n`-th incident.
    pub const fn incident(self, n: u32) -> IncidentId {
        IncidentId(self.derive(n))
    }

    /// The task for a person that the `n`-th execution is.
    pub const fn human_task(self, n: u32) -> HumanTaskId {
        HumanTaskId(self.derive(n))
    }

    /// The shard that owns the instance: its random bits spread evenly, and derived ids are never asked for theirs.
    pub const fn shard(self) -> u16 {
        // A multiplicative hash, so that low-entropy ids of tests spread as well.
        (((self.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16) % crate::limits::SHARDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn print_and_parse_are_inverse() {
        for value in [0, 1, u128::MAX, uuid_v7(1_763_800_000_000, 0x1234_5678_9abc_def0_1234)] {
            let id = WorkflowId::from_u128(value);
            assert_eq!(id.to_string().parse::<WorkflowId>(), Ok(id));
        }
    }

    #[test]
    fn wrong_prefix_length_digit_and_overflow_are_refused() {
        let id = WorkflowId::from_u128(7).to_string();
        for wrong in [
            id.replace("wf_", "wi_"),
            id[..28].to_owned(),
            format!("{id}0"),
            id.replace('7', "u"),
            id.replacen("_0", "_8", 1),
            String::new(),
            "wf_金".into(),
        ] {
            assert!(wrong.parse::<WorkflowId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn prefixes_are_unique() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(PREFIXES.iter().all(|prefix| seen.insert(prefix)));
    }

    #[test]
    fn derived_ids_differ_and_keep_the_time() {
        let id = InstanceId::from_u128(uuid_v7(1_763_800_000_000, 99));
        let all: std::collections::BTreeSet<_> = (0..10_000).map(|n| id.derive(n)).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().all(|&derived| derived >> 80 == id.as_u128() >> 80));
    }
}
