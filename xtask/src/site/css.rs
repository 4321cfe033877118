//! One style sheet out of many: `@import` in order (with its layer), `url(…)` of our own files under their hashed names,
//! comments and needless white space gone. It knows no more of CSS than strings, comments and braces.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell;

const DEEPEST_IMPORT: usize = 8;

/// The bundled text of `main` and all that it imports. `files` maps a path in the style folder to its published name.
pub(super) fn bundle(main: &Path, files: &BTreeMap<String, String>) -> Result<String> {
    let text = inline(main, 0)?;
    let mut small = minify(&text);
    for (path, hashed) in files {
        // The sheet stands beside the published files, so the name alone is the address.
        for quote in ["\"", "'", ""] {
            for up in ["", "./", "../"] {
                small = small.replace(&format!("url({quote}{up}{path}{quote})"), &format!("url(\"{hashed}\")"));
            }
        }
    }
    Ok(small)
}

fn inline(file: &Path, depth: usize) -> Result<String> {
    if depth > DEEPEST_IMPORT {
        bail!("{}: imports are nested deeper than {DEEPEST_IMPORT}; is there a circle?", file.display());
    }
    let text = without_comments(&shell::read(file)?);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("@import") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find(';').with_context(|| format!("{}: an @import without `;`", file.display()))? + at;
        let (target, layer) = import(&rest[at + "@import".len()..end])
            .with_context(|| format!("{}: cannot read `{}`", file.display(), &rest[at..end]))?;
        let inner = inline(&file.with_file_name("").join(&target), depth + 1)?;
        match layer {
            Some(name) => out.push_str(&format!("@layer {name} {{\n{inner}\n}}\n")),
            None => out.push_str(&inner),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// `"a.css" layer(base)` → (`a.css`, Some(`base`)).
fn import(text: &str) -> Result<(String, Option<String>)> {
    let text = text.trim();
    let text = text.strip_prefix("url(").map_or(text.to_owned(), |inner| inner.replacen(')', "", 1));
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'')).context("expected a quoted file name")?;
    let (name, after) = text[1..].split_once(quote).context("the file name does not end")?;
    let after = after.trim();
    let layer = after.strip_prefix("layer(").and_then(|l| l.strip_suffix(')')).map(|l| l.trim().to_owned());
    if layer.is_none() && !after.is_empty() {
        bail!("only `layer(name)` may follow the file name");
    }
    Ok((name.to_owned(), layer))
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Comment => out.push(' '),
            Piece::Quoted(s) | Piece::Plain(s) => out.push_str(s),
        }
    }
    out
}

/// Runs of white space become one space, and none beside `{`, `}`, `;` and `,`. Strings stay as they are.
fn minify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Comment => {}
            Piece::Quoted(s) => out.push_str(s),
            Piece::Plain(s) => {
                for c in s.chars() {
                    let last = out.chars().next_back();
                    if c.is_whitespace() {
                        if !last.is_none_or(|l| " {};,".contains(l)) {
                            out.push(' ');
                        }
                    } else {
                        if "{};,".contains(c) && last == Some(' ') {
                            out.pop();
                        }
                        if c == '}' && out.ends_with(';') {
                            out.pop();
                        }
                        out.push(c);
                    }
                }
            }
        }
    }
    out.trim_end().to_owned()
}

enum Piece<'a> {
    Plain(&'a str),
    Quoted(&'a str),
    Comment,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        let (piece, len) = if from.starts_with("/*") {
            (Piece::Comment, from.find("*/").map_or(from.len(), |e| e + 2))
        } else if from.starts_with('/') {
            (Piece::Plain("/"), 1)
        } else {
            let len = quoted_len(from);
            (Piece::Quoted(&from[..len]), len)
        };
        found.push(Piece::Plain(before));
        found.push(piece);
        rest = &from[len..];
    }
    found.push(Piece::Plain(rest));
    found
}

fn quoted_len(from: &str) -> usize {
    let quote = from.chars().next();
    let mut escaped = false;
    for (i, c) in from.char_indices().skip(1) {
        if !escaped && Some(c) == quote {
            return i + 1;
        }
        escaped = !escaped && c == '\\';
    }
    from.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn minified_text_means_the_same() {
        assert_eq!(
            minify("a  >  b ,c { x : y ; /* no */ z:1px  2px; }\n\n@media (width > 1px) { }"),
            "a > b,c{x : y;z:1px 2px}@media (width > 1px){}"
        );
        assert_eq!(minify(".a { content: \" { ; } \" }"), ".a{content: \" { ; } \"}");
        assert_eq!(minify("a { width: calc(1px + 2px); b: 1/2 }"), "a{width: calc(1px + 2px);b: 1/2}");
        assert_eq!(minify("a{b:url('x/*y*/')}"), "a{b:url('x/*y*/')}");
    }

    #[test]
    fn imports_come_in_order_and_keep_their_layer() {
        let dir = std::env::temp_dir().join(format!("heddle-css-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("ui")).unwrap();
        std::fs::write(
            dir.join("main.css"),
            "/* @import \"never.css\"; */\n@import \"one.css\";\n@import url(\"ui/two.css\") layer(ui);\n.z { }",
        )
        .unwrap();
        std::fs::write(dir.join("one.css"), ".one { background: url(\"dot.svg\") }").unwrap();
        std::fs::write(dir.join("ui/two.css"), ".two { }").unwrap();
        let files = BTreeMap::from([("dot.svg".to_owned(), "dot.12.svg".to_owned())]);
        let text = bundle(&dir.join("main.css"), &files).unwrap();
        assert_eq!(text, ".one{background: url(\"dot.12.svg\")}@layer ui{.two{}}.z{}");
        std::fs::write(dir.join("one.css"), "@import \"main.css\";").unwrap();
        assert!(bundle(&dir.join("main.css"), &files).is_err(), "a circle must be refused");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
