//! `cargo xtask test`: every test there is, one stage after the other, and a sum at the end.
//! A stage that fails does not stop the others: one run tells everything. Any failure makes the run fail.

mod counts;
mod stages;

use anyhow::{Result, bail};

use counts::Counts;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Without lints, browser, process tests and benchmark: the loop of an edit.
    pub(crate) quick: bool,
    /// More rounds of the crash tests.
    pub(crate) long: bool,
    /// Only tests whose name contains one of these.
    pub(crate) names: Vec<String>,
}

impl Wish {
    /// Reads the arguments after `test`.
    pub(crate) fn parse(args: &[String]) -> Result<Self> {
        let mut wish = Wish::default();
        for arg in args {
            match arg.as_str() {
                "--quick" => wish.quick = true,
                "--long" => wish.long = true,
                flag if flag.starts_with('-') => bail!("`cargo xtask test` knows --quick and --long, not {flag}"),
                name => wish.names.push(name.to_owned()),
            }
        }
        Ok(wish)
    }
}

/// One stage: what it is, and what it does. It returns what its runner counted; `Err` is a failure without a count.
type Stage = (&'static str, fn(&Wish) -> Result<Counts>);

/// Runs all stages that the wish asks for, prints a table, fails if one failed.
pub(crate) fn run(wish: &Wish) -> Result<()> {
    let mut total = Counts::default();
    let mut failed = Vec::new();
    let mut table = String::new();
    for (name, stage) in stages::of(wish) {
        crate::shell::say(&format!("Stage: {name}"));
        let begun = std::time::Instant::now();
        let result = stage(wish);
        let seconds = begun.elapsed().as_secs();
        let line = match &result {
            Ok(counts) if counts.failed == 0 => format!("ok      {counts}"),
            Ok(counts) => format!("FAILED  {counts}"),
            Err(error) => format!("FAILED  {error:#}"),
        };
        eprintln!("{name}: {line}");
        table.push_str(&format!("{name:<28} {seconds:>5} s  {line}\n"));
        match result {
            Ok(counts) => {
                if counts.failed > 0 {
                    failed.push(name);
                }
                total.add(counts);
            }
            Err(_) => failed.push(name),
        }
    }
    println!("\n{table}\n{} passed, {} failed", total.passed, total.failed);
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    if total.passed == 0 {
        bail!("no test ran; is there one by that name?");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn arguments_are_read_or_refused() {
        let args = ["--quick".to_owned(), "kernel".to_owned()];
        assert_eq!(Wish::parse(&args).unwrap(), Wish { quick: true, long: false, names: vec!["kernel".to_owned()] });
        assert!(Wish::parse(&["--fast".to_owned()]).is_err());
    }

    #[test]
    fn a_quick_run_leaves_out_what_is_slow() {
        let names = |wish: &Wish| stages::of(wish).iter().map(|(n, _)| *n).collect::<Vec<_>>();
        let (quick, full) = (names(&Wish { quick: true, ..Wish::default() }), names(&Wish::default()));
        assert!(quick.len() < full.len());
        assert!(!quick.iter().any(|n| n.contains("browser")));
        assert!(full.iter().any(|n| n.contains("browser")));
    }
}
