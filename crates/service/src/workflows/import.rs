//! From a text to a proven definition, with every remark on the way.

use crate::error::Result;
use heddle_api::error::{ProblemItem, Severity};
use heddle_api::params::{DefinitionFormat, DefinitionText};
use heddle_api::{ApiError, ErrorCode, Lang};
use heddle_engine::tasks::Registry;
use heddle_model::definition::Definition;
use heddle_model::diagnostic::{self, Diagnostic};
use heddle_model::format::{self, Format};
use heddle_model::validate::{self, TaskTypes};
use sha2::{Digest, Sha256};

/// Reads definitions, knowing the registered task types.
#[derive(Clone)]
pub(crate) struct Importer {
    types: TaskTypes,
}

/// A definition that may be stored.
pub(crate) struct Imported {
    /// The definition.
    pub(crate) definition: Definition,
    /// Canonical JSON.
    pub(crate) canonical: String,
    /// SHA-256 of it: equal content has an equal hash.
    pub(crate) hash: [u8; 32],
    /// The text as it came.
    pub(crate) source: DefinitionText,
    /// Warnings and hints.
    pub(crate) remarks: Vec<ProblemItem>,
}

impl Importer {
    /// Knows the types of this registry.
    pub(crate) fn new(registry: &Registry) -> Self {
        let mut types = TaskTypes::default();
        for info in registry.infos() {
            types.add(info.name, info.aliases, info.schema);
        }
        Self { types }
    }

    /// Whether a task type only computes.
    pub(crate) fn is_pure(&self, name: &str) -> bool {
        self.types.get(name).is_some_and(|known| known.pure)
    }

    /// Reads a text that must be right: 422 with every mistake otherwise.
    ///
    /// Parsing and proving a large definition takes a while: call it off the async threads.
    pub(crate) fn read(&self, source: DefinitionText, lang: Lang) -> Result<Imported> {
        let (definition, diagnostics) = self.examine(&source);
        match definition {
            Some(definition) if !diagnostic::has_errors(&diagnostics) => {
                let canonical = format::to_json(&definition).to_string();
                let hash = Sha256::digest(canonical.as_bytes()).into();
                Ok(Imported { definition, canonical, hash, source, remarks: items(&diagnostics, lang) })
            }
            _ => Err(refused(&diagnostics, lang).into()),
        }
    }

    /// Every remark about a text.
    pub(crate) fn check(&self, source: &DefinitionText, lang: Lang) -> Vec<ProblemItem> {
        items(&self.examine(source).1, lang)
    }

    /// Every remark about a stored definition: no errors, as it was proven when it was stored.
    pub(crate) fn remarks(&self, canonical: &str, lang: Lang) -> Vec<ProblemItem> {
        let source = DefinitionText { format: DefinitionFormat::Json, text: canonical.to_owned() };
        let mut items = self.check(&source, lang);
        for item in &mut items {
            // Lines of the canonical text are nobody's lines.
            (item.line, item.column) = (None, None);
        }
        items
    }

    fn examine(&self, source: &DefinitionText) -> (Option<Definition>, Vec<Diagnostic>) {
        let language = match source.format {
            DefinitionFormat::Json => Format::Json,
            DefinitionFormat::Yaml => Format::Yaml,
        };
        let parsed = format::parse(&source.text, language);
        validate::examine(parsed, &self.types)
    }
}

fn refused(diagnostics: &[Diagnostic], lang: Lang) -> ApiError {
    let items = items(diagnostics, lang);
    let errors = items.iter().filter(|item| item.severity == Severity::Error).count();
    let first = items.first().map(|item| item.message.clone()).unwrap_or_default();
    ApiError::new(ErrorCode::InvalidDefinition)
        .detail(format!("{errors} mistakes; the first: {first}"), format!("共 {errors} 处错误，第一处：{first}"))
        .errors(items)
}

/// As the contract has them: errors first, then in the order of the text.
fn items(diagnostics: &[Diagnostic], lang: Lang) -> Vec<ProblemItem> {
    let language = match lang {
        Lang::En => diagnostic::Lang::En,
        Lang::Zh => diagnostic::Lang::Zh,
    };
    let mut items: Vec<ProblemItem> = diagnostics
        .iter()
        .map(|diagnostic| ProblemItem {
            pointer: diagnostic.pointer.clone(),
            line: diagnostic.line,
            column: diagnostic.column,
            code: diagnostic.code.as_str().to_owned(),
            severity: match diagnostic.severity {
                diagnostic::Severity::Error => Severity::Error,
                diagnostic::Severity::Warning => Severity::Warning,
                diagnostic::Severity::Hint => Severity::Hint,
            },
            message: diagnostic.message(language),
            suggestion: diagnostic.suggestion.clone(),
            ids: diagnostic.ids.clone(),
        })
        .collect();
    items.sort_by_key(|item| (item.severity, item.line, item.column));
    items
}
