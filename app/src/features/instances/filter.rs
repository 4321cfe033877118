//! The list's filter: it lives in the address, so it survives reload, back and sharing. Pure.

use crate::features::auth::encode;
use heddle_api::params::ListInstances;
use heddle_api::view::InstanceStatus;

/// What the address asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Statuses, separated by commas.
    pub status: String,
    /// Id or name of a workflow.
    pub workflow: String,
    /// Only with open incidents.
    pub incident: bool,
    /// An id, or the beginning of a business key.
    pub q: String,
    /// Which page.
    pub cursor: String,
}

impl Filter {
    /// Reads the query of an address.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |key: &str| get(key).map(|value| value.trim().to_owned()).unwrap_or_default();
        Self {
            status: text("status"),
            workflow: text("workflow"),
            incident: text("incident") == "true",
            q: text("q"),
            cursor: text("cursor"),
        }
    }

    /// Whether anything is filtered.
    pub fn is_active(&self) -> bool {
        !self.status.is_empty() || !self.workflow.is_empty() || self.incident || !self.q.is_empty()
    }

    /// The query string without the page: what the feed's topic carries too.
    pub fn query(&self) -> String {
        let mut pairs: Vec<String> = Vec::new();
        let mut put = |key: &str, value: &str| {
            if !value.is_empty() {
                pairs.push(format!("{key}={}", encode(value)));
            }
        };
        put("status", &self.status);
        put("workflow", &self.workflow);
        put("incident", if self.incident { "true" } else { "" });
        put("q", &self.q);
        pairs.join("&")
    }

    /// The list's address with this filter.
    pub fn address(&self) -> String {
        let mut query = self.query();
        if !self.cursor.is_empty() {
            let join = if query.is_empty() { "" } else { "&" };
            query = format!("{query}{join}cursor={}", encode(&self.cursor));
        }
        if query.is_empty() { "/instances".to_owned() } else { format!("/instances?{query}") }
    }

    /// The same filter, changed, on its first page.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = Self { cursor: String::new(), ..self.clone() };
        change(&mut other);
        other
    }

    /// Whether a status is among those asked for.
    pub fn has_status(&self, status: InstanceStatus) -> bool {
        self.status.split(',').any(|word| word.trim().eq_ignore_ascii_case(status.as_str()))
    }

    /// Takes a status in, or out where it is in.
    #[must_use]
    pub fn toggled(&self, status: InstanceStatus) -> Self {
        let statuses: Vec<&str> = InstanceStatus::ALL
            .iter()
            .filter(|other| self.has_status(**other) != (**other == status))
            .map(|other| other.as_str())
            .collect();
        self.with(|filter| filter.status = statuses.join(","))
    }

    /// What the use case takes.
    pub fn params(&self) -> ListInstances {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        ListInstances {
            status: some(&self.status),
            workflow: some(&self.workflow),
            incident: self.incident.then_some(true),
            q: some(&self.q),
            cursor: some(&self.cursor),
            ..ListInstances::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_reads_back_from_its_address() {
        let filter = Filter {
            status: "RUNNING,FAILED".into(),
            workflow: "示例 流程".into(),
            incident: true,
            q: "SO-1&2".into(),
            cursor: "a=".into(),
        };
        let address = filter.address();
        let query = address.strip_prefix("/instances?").unwrap_or_default();
        let decode = |text: &str| {
            let mut bytes = Vec::new();
            let mut rest = text.bytes();
            while let Some(byte) = rest.next() {
                let hex =
                    |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).unwrap_or_default() as u8;
                bytes.push(if byte == b'%' { hex(rest.next()) * 16 + hex(rest.next()) } else { byte });
            }
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let get = |key: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(name, _)| *name == key)
                .map(|(_, value)| decode(value))
        };
        assert_eq!(Filter::read(get), filter);
    }

    #[test]
    fn statuses_toggle_and_pages_start_anew() {
        let filter = Filter { status: "RUNNING".into(), cursor: "x".into(), ..Filter::default() };
        let more = filter.toggled(InstanceStatus::Failed);
        assert_eq!(more.status, "RUNNING,FAILED");
        assert!(more.cursor.is_empty());
        assert_eq!(more.toggled(InstanceStatus::Running).toggled(InstanceStatus::Failed).address(), "/instances");
    }
}
