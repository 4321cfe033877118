//! What the YAML parser complains about, in words of the catalogue.

use super::yaml::{place, problem};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use granit_parser::{ErrorKind as Kind, ScanError};

/// The problem behind a parser's error.
pub(super) fn of(error: &ScanError) -> Diagnostic {
    let place = place(error.marker());
    match error.kind() {
        Kind::RecursionLimitExceeded => problem(Code::TooDeep, place).with("limit", limits::DOCUMENT_DEPTH),
        kind => problem(Code::Syntax, place).with_term("problem", term(kind)),
    }
}

fn term(kind: &Kind) -> &'static str {
    match kind {
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => "unclosed_quote",
        Kind::UnclosedFlowCollection { .. }
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofImplicitFlowMapping => "unclosed_bracket",
        Kind::MisplacedFlowCollectionEnd | Kind::MismatchedFlowCollectionEnd { .. } => "wrong_bracket",
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabAtBlockScalarStart
        | Kind::TabInIndentation
        | Kind::TabInPlainScalar => "tab",
        Kind::InvalidIndentation
        | Kind::InvalidBlockScalarIndent
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidFlowScalarIndent
        | Kind::BlockSequenceEntryNotAllowed
        | Kind::ExpectedBlockSequenceEntry
        | Kind::ExpectedBlockMappingKey => "indentation",
        Kind::SimpleKeyExpected
        | Kind::InvalidSimpleKey
        | Kind::MappingKeyNotAllowed
        | Kind::MappingValueNotAllowed
        | Kind::InvalidColonPlacement
        | Kind::FlowMappingValueAdjacentCollection
        | Kind::InvalidMappingValueWhitespace => "colon",
        Kind::ExpectedFlowMappingSeparator | Kind::ExpectedFlowSequenceSeparator | Kind::BlockEntryInFlowCollection => {
            "comma"
        }
        Kind::ExpectedNodeContent => "value",
        Kind::UnexpectedCharacter { .. }
        | Kind::BomInsideDocument
        | Kind::PlainScalarStartsWithDashFlowIndicator
        | Kind::UnexpectedEndOfPlainScalar
        | Kind::InvalidTrailingSingleQuotedScalar
        | Kind::InvalidTrailingDoubleQuotedScalar
        | Kind::InvalidDocumentEnd
        | Kind::ExpectedDocumentStart => "character",
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate
        | Kind::InvalidUnicodeEscape => "escape",
        Kind::CommentNotSeparated | Kind::CommentInterceptedScalar | Kind::ExpectedWhitespace => "comment",
        Kind::ZeroBlockScalarIndent | Kind::InvalidBlockScalarHeader => "block_scalar",
        Kind::UnexpectedEof | Kind::UnexpectedEofBlockMapping | Kind::UnexpectedEofBlockSequence => "end",
        Kind::UnknownAnchor | Kind::MissingAnchorOrAliasName => "anchor",
        Kind::DuplicateVersionDirective
        | Kind::UnsupportedYamlMajorVersion
        | Kind::DuplicateTagDirective
        | Kind::MissingDocumentEndBeforeDirective
        | Kind::DirectiveDisallowed
        | Kind::InvalidDirectiveTerminator
        | Kind::InvalidDirectiveName
        | Kind::MissingDirectiveName
        | Kind::MissingYamlVersion => "directive",
        _ => "other",
    }
}
