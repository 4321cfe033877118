//! One line of a survey: what was found in one case, and how it stands to its target.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// What was found in one case of a survey.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) survey: &'static str,
    /// Where the writes went; nothing where there was no database.
    pub(crate) database: &'static str,
    pub(crate) case: String,
    /// Names and values, in the order in which they are shown.
    pub(crate) figures: Vec<(&'static str, f64)>,
    pub(crate) verdict: Option<Verdict>,
}

/// A value that has a target.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// What it is.
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) target: Target,
}

/// On which side of a value the good lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Finding {
    pub(crate) fn new(survey: &'static str, database: &'static str, case: impl Into<String>) -> Self {
        Self { survey, database, case: case.into(), figures: Vec::new(), verdict: None }
    }

    #[must_use]
    pub(crate) fn figure(mut self, name: &'static str, value: f64) -> Self {
        self.figures.push((name, value));
        self
    }

    #[must_use]
    pub(crate) fn verdict(
        mut self,
        what: impl Into<String>,
        (value, unit): (f64, &'static str),
        target: Target,
    ) -> Self {
        self.verdict = Some(Verdict { what: what.into(), value, unit, target });
        self
    }

    /// A figure by its name; 0 where it was not taken.
    pub(crate) fn get(&self, name: &str) -> f64 {
        self.figures.iter().find(|(known, _)| *known == name).map_or(0.0, |(_, value)| *value)
    }

    /// The line as JSON.
    pub(crate) fn json(&self) -> Value {
        let mut line = Map::new();
        line.insert("workload".to_owned(), self.survey.into());
        if !self.database.is_empty() {
            line.insert("database".to_owned(), self.database.into());
        }
        line.insert("case".to_owned(), self.case.as_str().into());
        for &(name, value) in &self.figures {
            line.insert(name.to_owned(), json!(rounded(value)));
        }
        if let Some(verdict) = &self.verdict {
            let (word, bound) = match verdict.target {
                Target::AtMost(bound) => ("at_most", bound),
                Target::AtLeast(bound) => ("at_least", bound),
            };
            line.insert(
                "target".to_owned(),
                json!({ "what": verdict.what, "value": rounded(verdict.value), "unit": verdict.unit, word: bound, "met": verdict.is_met() }),
            );
        }
        Value::Object(line)
    }
}

impl Verdict {
    pub(crate) fn is_met(&self) -> bool {
        match self.target {
            Target::AtMost(bound) => self.value <= bound,
            Target::AtLeast(bound) => self.value >= bound,
        }
    }

    fn shown(&self) -> String {
        let (sign, bound) = match self.target {
            Target::AtMost(bound) => ('≤', bound),
            Target::AtLeast(bound) => ('≥', bound),
        };
        let word = if self.is_met() { "met" } else { "missed" };
        format!("{}: {} {} | {sign} {bound} {}: {word}", self.what, rounded(self.value), self.unit, self.unit)
    }
}

/// Three places, for figures below one; fewer for larger ones.
fn rounded(value: f64) -> f64 {
    let places = match value.abs() {
        x if x >= 1_000.0 => 1.0,
        x if x >= 10.0 => 10.0,
        _ => 1_000.0,
    };
    (value * places).round() / places
}

/// One row per case.
pub(crate) fn table(all: &[Finding]) -> String {
    let mut text = String::from(
        "| workload | database | case | figures | held against | target |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for line in all {
        let figures: Vec<String> =
            line.figures.iter().map(|(name, value)| format!("{name} {}", rounded(*value))).collect();
        let verdict = line.verdict.as_ref().map_or_else(|| " | ".to_owned(), Verdict::shown);
        let (survey, database, case) = (line.survey, line.database, &line.case);
        let _ = writeln!(text, "| {survey} | {database} | {case} | {} | {verdict} |", figures.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_says_whether_its_target_is_met() {
        let finding =
            |value| Finding::new("cost", "sqlite", "x").verdict("of 1,000", (value, "×"), Target::AtMost(1.5));
        assert!(table(&[finding(1.5)]).contains("| of 1,000: 1.5 × | ≤ 1.5 ×: met |"));
        assert!(table(&[finding(1.501)]).contains("missed"));
        assert_eq!(finding(2.0).json()["target"]["met"], false);
        let least = Finding::new("cluster", "", "y").verdict("of one", (80.0, "%"), Target::AtLeast(75.0));
        assert_eq!(least.json()["target"]["met"], true);
        assert_eq!(least.json()["database"], Value::Null);
    }

    #[test]
    fn figures_are_found_by_name_and_rounded_by_size() {
        let finding = Finding::new("cost", "", "z").figure("a", 1.23456).figure("b", 12_345.6);
        assert_eq!((finding.get("a"), finding.get("c")), (1.23456, 0.0));
        assert_eq!((finding.json()["a"].clone(), finding.json()["b"].clone()), (json!(1.235), json!(12_346.0)));
    }
}
