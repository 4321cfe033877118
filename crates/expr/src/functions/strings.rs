//! Functions on texts that are linear in time and bounded in what they build. Places count characters, as CEL's own do.

use super::guards::{self, Result, number, stop, text};
use crate::{budget, regexes};
use cel::common::types::{CelBool, CelInt, CelList, CelString, INT_TYPE, LIST_TYPE, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

/// Registers the functions on texts.
pub(crate) fn register(env: &mut Env) -> std::result::Result<(), DeclarationError> {
    let s = || STRING_TYPE;
    env.add_member_overload("charAt", "text_char_at", s(), vec![INT_TYPE], char_at)?;
    env.add_member_overload("indexOf", "text_index_of", s(), vec![s()], index_of)?;
    env.add_member_overload("indexOf", "text_index_of_from", s(), vec![s(), INT_TYPE], index_of)?;
    env.add_member_overload("lastIndexOf", "text_last_index_of", s(), vec![s()], last_index_of)?;
    env.add_member_overload("lowerAscii", "text_lower", s(), vec![], lower)?;
    env.add_member_overload("upperAscii", "text_upper", s(), vec![], upper)?;
    env.add_member_overload("replace", "text_replace", s(), vec![s(), s()], replace)?;
    env.add_member_overload("split", "text_split", s(), vec![s()], split)?;
    env.add_member_overload("substring", "text_from", s(), vec![INT_TYPE], substring)?;
    env.add_member_overload("substring", "text_from_to", s(), vec![INT_TYPE, INT_TYPE], substring)?;
    env.add_member_overload("trim", "text_trim", s(), vec![], trim)?;
    env.add_member_overload("reverse", "text_reverse", s(), vec![], reverse)?;
    env.add_member_overload("join", "list_join", LIST_TYPE, vec![], join)?;
    env.add_member_overload("join", "list_join_with", LIST_TYPE, vec![s()], join)?;
    env.add_member_overload("matches", "text_matches", s(), vec![s()], matches)?;
    env.add_overload("matches", "matches_text", vec![s(), s()], matches)
}

fn string<'b, 'v>(text: String) -> Result<'b, 'v> {
    Ok(CowVal::owned(CelString::from(text)))
}

fn int<'b, 'v>(number: Option<usize>) -> Result<'b, 'v> {
    Ok(CowVal::owned(CelInt::from(number.map_or(-1, |number| number as i64))))
}

fn outside(function: &str, at: i64) -> ExecutionError {
    ExecutionError::function_error(function, format!("there is no character {at}"))
}

/// The byte where the character at a place begins; the end is a place too.
fn place(function: &str, of: &str, at: i64) -> std::result::Result<usize, ExecutionError> {
    let wanted = usize::try_from(at).map_err(|_| outside(function, at))?;
    of.char_indices().map(|(byte, _)| byte).chain([of.len()]).nth(wanted).ok_or_else(|| outside(function, at))
}

fn characters(of: &str) -> usize {
    of.chars().count()
}

fn char_at<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let this = text(&args, 0)?;
    let from = place("charAt", this, number(&args, 1)?)?;
    string(this[from..].chars().take(1).collect())
}

fn index_of<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let (this, part) = (text(&args, 0)?, text(&args, 1)?);
    let from = if args.len() > 2 { place("indexOf", this, number(&args, 2)?)? } else { 0 };
    int(this[from..].find(part).map(|byte| characters(&this[..from + byte])))
}

fn last_index_of<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let (this, part) = (text(&args, 0)?, text(&args, 1)?);
    int(this.rfind(part).map(|byte| characters(&this[..byte])))
}

fn lower<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    string(text(&args, 0)?.to_ascii_lowercase())
}

fn upper<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    string(text(&args, 0)?.to_ascii_uppercase())
}

fn replace<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let (this, part, with) = (text(&args, 0)?, text(&args, 1)?, text(&args, 2)?);
    // What the result weighs is paid before it is built: an empty part stands between all characters.
    budget::bytes(this.matches(part).count() as u64 * with.len() as u64).map_err(stop)?;
    string(this.replace(part, with))
}

fn split<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let (this, by) = (text(&args, 0)?, text(&args, 1)?);
    let own = |part: &str| -> Box<dyn Val + 'v> { Box::new(CelString::from(part.to_owned())) };
    // Each part costs some forty bytes beside its text.
    let parts = if by.is_empty() { characters(this) } else { this.matches(by).count() + 1 };
    budget::bytes(40 * parts as u64 + this.len() as u64).map_err(stop)?;
    let parts: Vec<_> = if by.is_empty() {
        this.char_indices().map(|(at, c)| own(&this[at..at + c.len_utf8()])).collect()
    } else {
        this.split(by).map(own).collect()
    };
    Ok(CowVal::owned(CelList::from(parts)))
}

fn substring<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let this = text(&args, 0)?;
    let from = place("substring", this, number(&args, 1)?)?;
    let to = if args.len() > 2 { place("substring", this, number(&args, 2)?)? } else { this.len() };
    if to < from {
        return Err(ExecutionError::function_error("substring", "the end is before the start"));
    }
    string(this[from..to].to_owned())
}

fn trim<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    string(text(&args, 0)?.trim().to_owned())
}

fn reverse<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    string(text(&args, 0)?.chars().rev().collect())
}

fn join<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let by = if args.len() > 1 { text(&args, 1)? } else { "" };
    let list = guards::list(&args, 0)?;
    budget::bytes(list.len() as u64 * by.len() as u64).map_err(stop)?;
    let mut joined = String::new();
    for (n, item) in list.iter().enumerate() {
        let item = item.downcast_ref::<CelString>().ok_or_else(|| {
            ExecutionError::function_error(
                "join",
                format!("element {n} is of type {}; write list.map(x, string(x)).join(…)", item.get_type().name()),
            )
        })?;
        if n > 0 {
            joined.push_str(by);
        }
        budget::bytes(item.inner().len() as u64).map_err(stop)?;
        joined.push_str(item.inner());
    }
    string(joined)
}

fn matches<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<'b, 'v> {
    let (this, pattern) = (text(&args, 0)?, text(&args, 1)?);
    regexes::is_match(pattern, this).map(|found| CowVal::owned(CelBool::from(found)))
}
