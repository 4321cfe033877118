//! The example gallery: workflows that run out of the box, made only of built-in nodes and calling no outside address.

use heddle_api::Lang;

/// A workflow to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// Its key in addresses and forms.
    pub key: &'static str,
    /// The language it is written in.
    pub lang: Lang,
    /// Its definition.
    pub yaml: &'static str,
}

/// All of them.
pub const EXAMPLES: [Example; 2] = [
    Example { key: "order-fulfilment", lang: Lang::En, yaml: include_str!("../examples/order-fulfilment.yaml") },
    Example { key: "shili-liucheng", lang: Lang::Zh, yaml: include_str!("../examples/shili-liucheng.yaml") },
];

/// All of them, those in the reader's language first.
pub fn for_reader(lang: Lang) -> Vec<Example> {
    let (mine, others): (Vec<_>, Vec<_>) = EXAMPLES.into_iter().partition(|example| example.lang == lang);
    [mine, others].concat()
}

/// The one with this key.
pub fn find(key: &str) -> Option<Example> {
    EXAMPLES.into_iter().find(|example| example.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use heddle_model::definition::NodeType;
    use heddle_model::format::{Format, parse};

    #[test]
    fn examples_are_valid_without_a_remark() {
        for example in EXAMPLES {
            let parsed = parse(example.yaml, Format::Yaml);
            assert!(parsed.diagnostics.is_empty(), "{}: {:?}", example.key, parsed.diagnostics);
        }
    }

    #[test]
    fn examples_need_nothing_but_what_is_built_in() {
        const BUILT_IN: [&str; 4] = ["echo", "log", "delay", "transform"];
        for example in EXAMPLES {
            let Some(definition) = parse(example.yaml, Format::Yaml).definition else {
                panic!("{} cannot be read", example.key)
            };
            assert!(definition.inputs.is_some(), "{} has no start form", example.key);
            for node in &definition.nodes {
                let known = match &node.node_type {
                    NodeType::Start | NodeType::End | NodeType::Decision | NodeType::Gateway => true,
                    NodeType::Custom(name) => BUILT_IN.contains(&name.as_str()),
                    _ => false,
                };
                assert!(known, "{}: {} is no built-in node", example.key, node.id);
            }
        }
    }
}
