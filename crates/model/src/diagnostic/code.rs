//! The codes of all problems, one series. What each says stands in `catalogue.json`; a test holds the two together.

use super::Severity;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal $severity:ident;)*) => {
        /// What is wrong, as a stable code (`W001` …).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The printed form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// How grave it is unless a rule says otherwise.
            pub const fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The text is not YAML or JSON.
    Syntax = "W001" Error;
    /// The text is longer than a definition may be.
    TooLarge = "W002" Error;
    /// Lists and mappings are nested too deeply.
    TooDeep = "W003" Error;
    /// The text holds too many values.
    TooManyValues = "W004" Error;
    /// The text uses too many aliases.
    TooManyAliases = "W005" Error;
    /// The text holds several YAML documents.
    SeveralDocuments = "W006" Error;
    /// A key stands twice in one mapping.
    DuplicateKey = "W007" Error;
    /// The bytes are not UTF-8.
    NotUtf8 = "W008" Error;
    /// A part of YAML that definitions do without.
    YamlFeature = "W009" Error;
    /// A number that JSON cannot hold.
    NotFinite = "W010" Error;
    /// A number with more digits than can be kept.
    InexactNumber = "W011" Warning;
    /// A character that text may not hold.
    ControlCharacter = "W012" Error;
    /// A field that the language does not know.
    UnknownField = "W020" Error;
    /// A value of the wrong kind.
    WrongKind = "W021" Error;
    /// A field that must be there.
    MissingField = "W022" Error;
    /// A word that is none of the allowed ones.
    UnknownWord = "W023" Error;
    /// Text that is not a duration.
    NotADuration = "W024" Error;
    /// A number outside its range.
    OutOfRange = "W025" Error;
    /// Another version of the language.
    UnknownApiVersion = "W026" Error;
    /// A field that has no meaning here.
    Misplaced = "W027" Error;
    /// A name or id that is too long or holds what names may not.
    BadName = "W028" Error;
    /// No start.
    NoStart = "W030" Error;
    /// More than one start.
    SeveralStarts = "W031" Error;
    /// No end.
    NoEnd = "W032" Error;
    /// A node without any edge.
    Unconnected = "W033" Error;
    /// A node that nothing reaches.
    Unreachable = "W034" Error;
    /// A decision with fewer than two ways out.
    FewWays = "W035" Error;
    /// An id that stands twice.
    DuplicateId = "W036" Error;
    /// An edge from or to a node that does not exist.
    DanglingEdge = "W037" Error;
    /// An edge into a start or out of an end.
    WrongWay = "W038" Error;
    /// An edge that crosses the border of a container.
    CrossesBorder = "W039" Error;
    /// Ways out that are all conditional, and no default.
    NoDefault = "W040" Warning;
    /// More than one default.
    SeveralDefaults = "W041" Error;
    /// A node that cannot reach an end.
    NoWayToEnd = "W042" Warning;
    /// A loop with no way out.
    EndlessLoop = "W043" Warning;
    /// A join that can never fire.
    JoinNeverFires = "W044" Warning;
    /// A join that may wait for ever.
    JoinMayDeadlock = "W045" Warning;
    /// Two nodes of one name.
    DuplicateName = "W046" Warning;
    /// A join whose default may surprise.
    JoinSurprise = "W047" Hint;
    /// A default edge with a condition.
    DefaultCondition = "W048" Error;
    /// Ways of a decision that are never taken.
    NeverTaken = "W049" Warning;
    /// Too many nodes or edges.
    TooManyElements = "W050" Error;
    /// A loop in which nothing ever waits.
    BusyLoop = "W051" Warning;
    /// A node or edge that a field names and that does not exist.
    UnknownReference = "W052" Error;
    /// An event where none can be, or none where one must be.
    WrongEvent = "W053" Error;
    /// Settings that their type does not allow.
    BadConfig = "W060" Error;
    /// A task type that this server does not run itself.
    ExternalType = "W061" Hint;
    /// Settings of a task that names no action.
    ConfigWithoutAction = "W062" Error;
    /// The input schema is not a JSON Schema.
    BadSchema = "W063" Error;
    /// An expression that cannot be read.
    BadExpression = "W070" Error;
    /// A name that nothing defines.
    UnknownName = "W071" Warning;
    /// A node in an expression that does not exist.
    UnknownNode = "W072" Error;
    /// An expression whose types never go together.
    TypeMismatch = "W073" Error;
    /// Two policies of one node that contradict each other.
    Contradiction = "W080" Warning;
    /// An edge that its node never takes.
    EdgeNeverTaken = "W081" Warning;
    /// Part of the language, but not of this version of the product.
    NotAvailable = "W090" Error;
    /// More problems than are listed.
    More = "W099" Hint;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| serde::de::Error::custom(format_args!("`{text}` is not the code of a problem")))
    }
}
