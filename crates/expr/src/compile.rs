//! From a text to a compiled expression: tokens, names, parser, limits of the tree, lowering.

use crate::environment::env;
use crate::error::{ExprError, ExprErrorCode as Code};
use crate::fast::Fast;
use crate::lower::Lowering;
use crate::names::{self, Rewritten};
use crate::program::Compiled;
use crate::slot::Root;
use crate::{lex, limits, stack, tree};

/// Compiles a text.
pub(crate) fn compile(source: &str) -> Result<Compiled, ExprError> {
    let tokens = lex::tokens(source)?;
    let rewritten = names::rewrite(source, &tokens)?;
    stack::compile(tokens.len(), || parse_and_lower(source, &rewritten))
}

fn parse_and_lower(source: &str, rewritten: &Rewritten) -> Result<Compiled, ExprError> {
    let program = env().compile(&rewritten.text).map_err(|errors| syntax_error(source, rewritten, &errors))?;
    let author = program.expression();
    let measure = tree::measure(author);
    if let Some(id) = measure.too_deep {
        let place = program.source_info().offset_for(id).map_or(0, |(start, _)| rewritten.token_at(start as usize));
        return Err(lex::too_deep(rewritten.span(place, place)));
    }
    if measure.nodes > limits::NODES {
        return Err(ExprError::new(
            Code::TooLarge,
            (0, source.len()),
            format!("the expression has more than {} parts: split it into several steps", limits::NODES),
            format!("表达式超过 {} 个部分，请拆分为多个步骤", limits::NODES),
        ));
    }
    let mut lowering = Lowering::new(rewritten, program.source_info());
    let tree = lowering.expr(author)?;
    let found = lowering.found;
    let mut references: Vec<String> = Vec::new();
    for (number, slot) in found.slots.iter().enumerate() {
        let name = match &slot.root {
            Root::Name(name) | Root::Variable(name) => name.as_str(),
            Root::Variables => "vars",
            Root::Node(_) | Root::Output(_) => "nodes",
        };
        if !found.type_slots.iter().any(|(_, slot)| *slot == number) && !references.iter().any(|known| known == name) {
            references.push(name.to_owned());
        }
    }
    Ok(Compiled {
        source: source.to_owned(),
        depth: tree::measure(&tree).depth,
        fast: Fast::of(&tree, &found.type_slots),
        tree,
        slots: found.slots,
        type_slots: found.type_slots,
        references,
        functions: found.functions,
        uses_now: found.uses_now,
    })
}

/// The parser's first complaint, at its place in the author's text and in words.
fn syntax_error(source: &str, rewritten: &Rewritten, errors: &cel::ParseErrors) -> ExprError {
    // The parser also complains that its own tree is incomplete; the grammar's complaint says more.
    let Some(first) = errors.errors.iter().find(|error| !error.msg.starts_with("Incomplete")).or(errors.errors.first())
    else {
        return ExprError::new(Code::Syntax, (0, source.len()), "this is not an expression", "这不是表达式");
    };
    // The rewritten text has one line (line breaks inside texts aside) and columns from 1.
    let column = usize::try_from(first.pos.1).unwrap_or(0).saturating_sub(1);
    let line = usize::try_from(first.pos.0).unwrap_or(1).saturating_sub(1);
    let before: usize = rewritten.text.split_inclusive('\n').take(line).map(str::len).sum();
    let place = before + column;
    let at_end = first.msg.contains("'<EOF>' expecting") || place >= rewritten.text.trim_end().len();
    let token = rewritten.token_at(if at_end { rewritten.text.len() } else { place });
    let at @ (offset, len) = rewritten.span(token, token);
    let text = &source[offset..offset + len];
    if first.msg.contains("recursion") {
        return lex::too_deep(at);
    }
    let (en, zh) = if at_end {
        (format!("the expression ends too early, after `{text}`"), format!("表达式在 `{text}` 之后提前结束"))
    } else if first.msg.contains("literal") {
        (
            format!("`{text}` is too large for a 64-bit integer; write it with a fraction, such as 1e20"),
            format!("`{text}` 超出 64 位整数范围，请写成小数，如 1e20"),
        )
    } else if first.msg.contains("token recognition") {
        (
            format!("{text} has an escape that does not exist; write `\\\\` for a backslash"),
            format!("{text} 中有无效的转义，需要反斜杠请写 `\\\\`"),
        )
    } else {
        (format!("`{text}` cannot stand here"), format!("此处不能写 `{text}`"))
    };
    ExprError::new(Code::Syntax, at, en, zh)
}
